"""What every face shows of the elements of a month that were refused at the door. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from advisor.months import figures
from advisor.months.figures import UsageFigure
from ledger.refusals import RefusedSum


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFigure:
    """The refused elements of a month from one namespace for one reason; no other figure has them.

    `sentence` says what was wrong with one of them. The tokens are those of the
    `readable_requests`, as they were sent.
    """

    namespace: str
    reason: str
    sentence: str
    requests: int
    readable_requests: int
    input_tokens: int
    output_tokens: int


def refused_figure(refused: RefusedSum) -> RefusedFigure:
    """The figure of what was refused for one reason."""
    return RefusedFigure(
        namespace=refused.namespace,
        reason=refused.reason,
        sentence=refused.sentence,
        requests=refused.requests,
        readable_requests=refused.readable_requests,
        input_tokens=refused.input_tokens,
        output_tokens=refused.output_tokens,
    )


def with_refused(usage: UsageFigure, refused: Sequence[RefusedFigure]) -> UsageFigure:
    """Usage whose coverage says what share of the requests was refused at the door."""
    requests = sum(figure.requests for figure in refused)
    if not requests:
        return usage
    share = Fraction(requests, requests + usage.requests)
    return figures.with_gap(usage, "refused", share)
