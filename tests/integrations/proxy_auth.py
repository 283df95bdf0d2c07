"""Keys of a LiteLLM proxy without a database: a key names its team, which is the project.

The proxy itself loads this file.
"""

from typing import Any

from litellm.proxy._types import UserAPIKeyAuth


async def user_api_key_auth(_request: Any, api_key: str) -> UserAPIKeyAuth:
    """Who holds a key such as `sk-search`."""
    project = api_key.removeprefix("Bearer ").removeprefix("sk-")
    return UserAPIKeyAuth(
        api_key=api_key,
        key_alias=f"{project}-key",
        team_id=f"team-{project}",
        team_alias=project,
        user_role="proxy_admin",
    )
