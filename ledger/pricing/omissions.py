"""Why the catalogue's models are left out of the book, and whether a price per token could help.

Pure.
"""

NO_PRICE = "the catalogue names no price"
ZERO_PRICE = "its price of 0 cannot be told from an unknown one"
VERTEX_ONLY = "Google sells it on Vertex AI only"
TIME_OF_DAY = "its price depends on the time of day, and a price row holds for whole days"
NOT_BY_TOKEN = ("it bills ", "it is not billed ", "its rate for ", TIME_OF_DAY)
"""How the reasons begin under which no price per token could be right."""


def is_by_token(reason: str) -> bool:
    """Whether a price per token, once somebody knows it, would be right for what was left out."""
    return not reason.startswith(NOT_BY_TOKEN)
