"""The life of a recommendation as every face shows it: stages, what it missed, what it saved."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """One change of stage. `until` is the UTC day on which a dismissal has ended by itself."""

    version: int
    action: str
    from_stage: str
    to_stage: str
    by: str
    at: str
    share: str | None
    until: str | None
    note: str | None
    hold_out: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """Who owns a recommendation, since when it is at its stage, and every change that led there.

    `share` is the part of the traffic that the claim named, or the pilot while there is one;
    `until` is the UTC day on which a dismissal has ended.
    """

    owner: str | None = None
    since: str | None = None
    share: str | None = None
    until: str | None = None
    history: tuple[ChangeRecord, ...] = ()


UNTOUCHED = StageRecord()


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedFigure:
    """What an adopted move saved so far by one method.

    The saving is what its work would have cost instead, less what it did cost. The amounts are None
    where the method cannot tell; `reason` then says why. `last_day` is the last closed UTC day that
    is claimed, `requests` what the target answered on these days. The volume effect (before_after
    alone) is never a saving. `realisation_ratio` is the saving over what the frozen estimate
    expected of the same days, `net_usd` the saving less what the move was to cost once.
    """

    method: str
    label: str
    reason: str | None
    first_day: str
    last_day: str | None
    days: int
    requests: int
    instead_usd: str | None
    cost_usd: str | None
    saving_usd: str | None
    volume_effect_usd: str | None
    realisation_ratio: str | None = None
    net_usd: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFigure:
    """One recommendation's life in USD: what was frozen, is due by now, was realised and missed.

    `frozen_*` are per average month as they were claimed, `due_*` the same for the claimed share
    and the days that the realised figures cover. None is unknown, or not there yet.
    """

    id: str
    provider: str
    project: str
    workload: str
    from_model: str
    to_provider: str
    to_model: str
    to_service_tier: str | None
    decision: str
    stage: str
    owner: str | None
    since: str | None
    share: str | None
    counted: bool
    frozen_low_name: str | None
    """What the frozen low end is called, `at least` or `cautious`; None without a claim."""
    frozen_low_usd: str | None
    frozen_expected_usd: str | None
    frozen_high_usd: str | None
    due_low_usd: str | None
    due_expected_usd: str | None
    due_high_usd: str | None
    missed_usd: str | None
    missed_month_usd: str | None
    realised: tuple[RealisedFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """What advice has come to since the ledger began: missed, realised by method, and each move.

    `missed_month_usd` is the part of the report's month; both are None while no advice has been
    open. A method that can tell nothing yet is absent from `realised_usd`. `realised_net_usd` is
    the same less what the moves were to cost once, `realisation_ratio` the same over what the
    frozen estimates expected; moves without a frozen estimate are in neither.
    """

    missed_usd: str | None
    missed_month_usd: str | None
    realised_usd: dict[str, str]
    realised_net_usd: dict[str, str] = field(default_factory=dict)
    realisation_ratio: dict[str, str] = field(default_factory=dict)
    moves: tuple[MoveFigure, ...]
