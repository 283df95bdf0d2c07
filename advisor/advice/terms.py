"""The user's policy, read from the settings."""

from advisor.switching import advice, headroom, workloads
from ledger import money, pairs
from ledger.settings import Settings


def from_settings(settings: Settings) -> advice.Terms:
    """The policy that advice follows. Raises UsageError naming a setting that cannot be read."""
    policy = pairs.parse_policy(settings.pairs)
    return advice.Terms(
        pairs=policy.pairs,
        proposes=policy.proposes,
        threshold_femto_usd=money.femto_usd(str(settings.alert_threshold_usd)),
        one_off_femto_usd=money.femto_usd(str(settings.move_cost_usd)),
        stance=settings.default_stance,
        workload_settings=workloads.parse(settings.workload_classes, settings.can_wait),
        rate_limits=headroom.parse(settings.rate_limits),
        trusted_sellers=frozenset(settings.trusted_sellers.replace(",", " ").split()),
    )


def key(settings: Settings) -> tuple[str, ...]:
    """The settings that advice rests on, as text: where one differs, advice is out of date."""
    return (
        settings.pairs,
        str(settings.alert_threshold_usd),
        str(settings.move_cost_usd),
        settings.default_stance,
        settings.workload_classes,
        settings.can_wait,
        settings.rate_limits,
        settings.trusted_sellers,
    )
