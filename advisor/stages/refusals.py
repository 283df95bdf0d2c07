"""Why a change of stage is refused, and what to do about it, in a sentence."""

from collections.abc import Sequence
from typing import cast

from advisor.stages import transitions
from advisor.stages.change_requests import ChangeRequest
from advisor.stages.transitions import Action, Change, Stage

_RULES: dict[Action, str] = {
    "claim": "only an open recommendation can be claimed",
    "unclaim": "only a claim can be given back",
    "dismiss": "only an open recommendation can be dismissed",
    "undismiss": "only a dismissal can be taken back",
    "pilot": "only a claimed recommendation can be piloted",
    "adopt": "only a pilot can be adopted",
    "rollback": "only an adoption can be rolled back",
}
_NEEDS: dict[Action, str] = {"pilot": " --share 0.1", "dismiss": " --reason TEXT"}
"""What a command cannot do without."""


def sentence(
    request: ChangeRequest,
    recommendation_id: str,
    stage: str,
    version: int,
    history: Sequence[Change],
) -> str:
    """Why a request is refused for a recommendation as it stands."""
    claim = transitions.current_claim(history) if stage in transitions.IN_HAND else None
    by_owner = f" by {claim.made_by}" if claim else ""
    standing = f"{stage.replace('_', ' ')}{by_owner}"
    if request.version not in (None, version):
        return (
            f"this has changed since version {request.version}: it is {standing} at version"
            f" {version} now; look again with: switchwise explain {recommendation_id}"
        )
    path = transitions.path_to(cast(Stage, stage), request.action)
    steps = [f"switchwise {step} {recommendation_id}{_NEEDS.get(step, '')}" for step in path or ()]
    if request.action == "claim" and stage in transitions.IN_HAND:
        reason = f"{claim.made_by if claim else 'somebody else'} has already claimed this"
        if path:
            again = f"switchwise claim {recommendation_id}"
            return f"{reason}; to take it over: {', then '.join([*steps, again])}"
    else:
        reason = _RULES.get(request.action, f"{request.action} happens by itself")
        if path:
            return f"{reason}; first: {', then '.join(steps)}"
    return f"{reason}; it is {standing} now, see: switchwise explain {recommendation_id}"
