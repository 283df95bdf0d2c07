"""What every face shows of the elements of a month that were refused at the door. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from advisor.months import coverage
from advisor.months.figures import UsageFigure
from ledger import money
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
    before = usage.coverage
    ratio = None if before.ratio is None else min(Fraction(before.ratio), 1 - share)
    after = replace(
        before,
        ratio=money.optional_ratio_text(ratio),
        provisional=not coverage.is_enough(ratio),
        gaps={**before.gaps, "refused": money.ratio_text(share)},
    )
    return replace(usage, coverage=after)
