"""What a reader must know about a month's figures, in sentences.

They say what the figures leave out, what they rest on and what came later.
"""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from sqlmodel import Session

from advisor import words
from advisor.months import (
    budget_figures,
    meter_sums,
    silence_words,
    statement_store,
    statements,
    twin_figures,
    unpriced_usage,
)
from advisor.months.statements import Line, LineKey
from advisor.report import outbox
from advisor.report.figures import Report
from ledger import clock, late_usage, money, months, prose, readings, rollups, slots, usage
from ledger.pricing import in_force, price_book
from ledger.senders import UsageSender
from ledger.settings import Settings


def write_notes(
    session: Session,
    settings: Settings,
    report: Report,
    lines: Mapping[LineKey, Line],
    *,
    now_us: int,
) -> Iterator[str]:
    """The notes on a report, the most important first."""
    if report.alerts is not None:
        yield from outbox.write_notes(report.alerts)
    if not lines and not report.adjustments:
        yield _no_traffic(session, report)
        yield from _on_silence(report, now_us)
        yield from _on_refused(report)
        yield from _on_early_events(session, report, now_us)
        return
    if report.state == "closed":
        yield from _on_closing(settings, report)
    yield from _on_silence(report, now_us)
    yield from _on_refused(report)
    yield from _on_early_events(session, report, now_us)
    yield from _on_twins(report)
    yield from _on_change_of_zone(session, report)
    yield from _on_usage(report, lines)
    yield from _on_free(session, lines)
    yield (
        f"Prices checked on {report.prices_checked}; savings are estimates until a switch is"
        " measured."
    )


def _no_traffic(session: Session, report: Report) -> str:
    others = [name for name in statement_store.month_names(session) if name != report.month]
    remark = (
        f"the latest month with traffic is {others[-1]}"
        if others
        else "nothing has been recorded yet"
    )
    return f"No traffic in {report.month}; {remark}."


def _on_closing(settings: Settings, report: Report) -> Iterator[str]:
    when = f"{report.month} was closed on {(report.closed_at or '')[:10]} by {report.closed_by}"
    if report.adjustments and report.adjusted:
        number = words.counted(len(report.adjustments), "adjustment")
        before, after = report.total.cost_usd, report.adjusted.cost_usd
        yield (
            f"{when}: its figures stay as they were then, {words.dollars(before)}; with {number}"
            f" since then the month comes to {words.dollars(after)}."
        )
    else:
        yield f"{when}: its figures stay as they were then, and nothing has been adjusted since."
    if report.total.coverage.provisional:
        yield "It was closed below 99 % coverage, so its figures stay provisional."
    if report.zone != settings.reporting_zone:
        now = settings.reporting_zone
        yield f"It is a month of {report.zone}; months are counted in {now} now."


def _on_silence(report: Report, now_us: int) -> Iterator[str]:
    """Who sends nothing any more, and what the month comes to if that is a fault, and if not."""
    silent = [sender for sender in report.senders if sender.silent]
    if not silent:
        return
    if report.closed_at:
        now_us = clock.parse_rfc3339(report.closed_at)
    silences = prose.all_of(
        [
            silence_words.write_silence(
                UsageSender(sender.namespace, sender.project),
                clock.parse_rfc3339(sender.last_event),
                now_us,
            )
            for sender in silent
        ]
    )
    when = "When it was closed: " if report.state == "closed" else ""
    yield f"{when}{silences}.{_both_readings(report)}"


def _on_refused(report: Report) -> Iterator[str]:
    """What came to the door and was refused: nobody knows what it cost."""
    for refused in report.refused:
        number = words.counted(refused.requests, "request")
        verb = "was" if refused.requests == 1 else "were"
        tokens = words.counted(refused.input_tokens + refused.output_tokens, "token")
        if not refused.readable_requests:
            size = "its tokens are unknown" if refused.requests == 1 else "their tokens are unknown"
        elif refused.readable_requests == refused.requests:
            size = tokens
        else:
            size = f"{tokens} in the {refused.readable_requests:,} whose tokens could be read"
        yield (
            f"{number} of {refused.namespace} {verb} refused ({size}): {refused.sentence}."
            " What that may cost is not in the figure."
        )


def _on_twins(report: Report) -> Iterator[str]:
    for pair in report.twins:
        yield (
            f"{twin_figures.write_twins(pair)}. If they are the same, they count twice: let only"
            " one of them report."
        )


def _on_early_events(session: Session, report: Report, now_us: int) -> Iterator[str]:
    _, first_us = rollups.count_early(session, now_us)
    if report.early_events and first_us is not None:
        yield (
            f"{words.counted(report.early_events, 'event')} came from a clock ahead of ours and"
            f" count from their own time on, the first at {silence_words.write_instant(first_us)};"
            " set the sender's clock right."
        )


def _both_readings(report: Report) -> str:
    forecast = report.forecast
    if forecast is None or forecast.if_broken_usd is None:
        return ""
    return (
        f" If events were lost, {report.month} comes to {words.dollars(forecast.if_broken_usd)} as"
        f" usual; if the traffic ended, to {words.dollars(forecast.if_ended_usd)}."
    )


def _on_change_of_zone(session: Session, report: Report) -> Iterator[str]:
    """What lies between two months' edges then counts in both of them, or in neither."""
    month = months.parse(report.month, ZoneInfo(report.zone))
    for other in late_usage.closed_months(session):
        span = month.slots
        shared = min(span.stop, other.slots.stop) - max(span.start, other.slots.start)
        if other.name != report.month and shared > 0:
            yield (
                f"{_duration(shared)} of it also count in {other.name}, which was closed in another"
                " zone."
            )
        gaps = {
            str(month.previous()): range(other.slots.stop, span.start),
            str(month.next()): range(span.stop, other.slots.start),
        }
        gap = gaps.get(other.name, range(0))
        if requests := _count_requests(session, gap):
            yield (
                f"{words.counted(requests, 'request')} in the {_duration(len(gap))} between it and"
                f" {other.name}, which was closed in another zone, count in neither."
            )


def _count_requests(session: Session, span: range) -> int:
    sums = readings.sum_span(session, span) if span else {}
    return sum(amounts[usage.INDEX["requests"]] for amounts in sums.values())


def _duration(length: int) -> str:
    """How long some slots are: `5 hours and 30 minutes`."""
    hours, remainder = divmod(length, slots.PER_HOUR)
    minutes = remainder * slots.MINUTES
    parts = [(hours, "hour"), (minutes, "minute")]
    return prose.all_of([words.counted(count, unit) for count, unit in parts if count])


def _on_usage(report: Report, lines: Mapping[LineKey, Line]) -> Iterator[str]:
    if report.sample_projects:
        projects = prose.all_of(sorted(report.sample_projects))
        yield f"{projects}: replayed sample traffic, priced as GPT-4.1; not your spend."
    yield from budget_figures.write_notes(report.budgets)
    yield from _on_fixed_costs(report)
    yield from _on_unpriced(report, lines)
    yield from _on_meters(lines)
    yield from _on_sender_costs(report)
    if backdated := sum(line.backdated_tokens for line in lines.values()):
        yield (
            f"{backdated:,} tokens are older than the earliest known price of their model and take"
            " that price."
        )
    if tier_unknown := sum(line.tier_unknown_tokens for line in lines.values()):
        yield (
            f"{tier_unknown:,} tokens were served at an unknown tier and are priced at the tier"
            " asked for."
        )
    if other_tier := sum(line.tier_mismatch_requests for line in lines.values()):
        yield (
            f"{words.counted(other_tier, 'request')} asked for one tier and got another, whose"
            " price counts; what that cost: switchwise models tiers --month"
            f" {report.month}"
        )


def _on_meters(lines: Mapping[LineKey, Line]) -> Iterator[str]:
    """What is billed besides plain tokens: what has no rate, then what the figure holds."""
    by_model = statements.meters_by_model(lines)
    for (provider, model), sums in by_model.items():
        for name, total in sums:
            if total.unpriced_quantity:
                yield _not_in_the_figure(model, provider, name, total.unpriced_quantity)
    for name, total in sum(by_model.values(), meter_sums.NONE):
        if quantity := total.quantity - total.unpriced_quantity:
            cost = words.dollars(money.usd_text(total.femto_usd))
            yield f"In the figure: {words.metered(quantity, name)}, {cost}."


def _on_sender_costs(report: Report) -> Iterator[str]:
    """Models whose sender says something else than we, the largest difference first."""
    for model in report.sender_costs.models if report.sender_costs else ():
        if model.cause != "agrees":
            ours = words.dollars(model.cost_usd)
            yield (
                f"{model.model}: the sender says {words.dollars(model.sender_cost_usd)} for"
                f" {words.counted(model.requests, 'request')}, here {ours}; {model.meaning}."
            )


def _not_in_the_figure(model: str, provider: str, meter: str, quantity: int) -> str:
    if meter == "unaccounted_tokens":
        return (
            f"Not in the figure: {words.counted(quantity, 'token')} of {model} that the sender"
            " counts in its total and in no part of it; ask the sender what they are."
        )
    metered = f"Not in the figure: {words.metered(quantity, meter)} of {model}"
    if meter == "unread_audio_requests":
        return f"{metered}; send input_audio_tokens and output_audio_tokens."
    return (
        f"{metered}, for which the price book has no rate; once you know it: switchwise prices set"
        f" {model} --provider {provider} --meter {meter}=USD"
    )


def _on_free(session: Session, lines: Mapping[LineKey, Line]) -> Iterator[str]:
    """Models that cost nothing because the operator says so, such as self-hosted ones."""
    own = {
        (price.key.provider, price.key.model) for price in in_force.load_overrides(session).prices
    }
    free: dict[tuple[str, str], int] = {}
    for key, line in lines.items():
        model = (key.provider, key.model)
        if model in own and line.cost.priced_tokens and not line.list_cost_femto_usd:
            free[model] = free.get(model, 0) + line.cost.priced_tokens
    for (provider, name), tokens in sorted(free.items()):
        yield (
            f"{name} at {provider}: {words.counted(tokens, 'token')} are priced at 0 by you; what"
            " serving it costs can be entered with: switchwise contracts commit"
        )


def _on_fixed_costs(report: Report) -> Iterator[str]:
    """Of each cost that is not per token: what it comes to, and how far it is used."""
    for cost in report.fixed_costs.costs if report.fixed_costs else ():
        use = (
            f"; {words.percent(cost.utilisation_ratio)} of it is used so far"
            if cost.utilisation_ratio is not None
            else ""
        )
        effect = (
            "a token that moves off it saves nothing"
            if cost.kind == "capacity"
            else "a saving there counts only in so far as usage stays above it"
        )
        yield (
            f"{cost.terms}: {words.dollars(cost.amount_usd)} fall on {report.month}, beside usage"
            f" and in no amount of it{use}; {effect}."
        )


def _on_unpriced(report: Report, lines: Mapping[LineKey, Line]) -> Iterator[str]:
    unpriced: dict[tuple[str, str], int] = {}
    for key, line in lines.items():
        sold = key.model, key.provider
        unpriced[sold] = unpriced.get(sold, 0) + line.cost.unpriced_tokens
    then = f", then: switchwise reprice {report.month}" if report.state == "closed" else ""
    for (model, provider), tokens in sorted(unpriced.items()):
        if tokens:
            reason = unpriced_usage.reason_known(price_book.shipped(), provider, model)
            yield (
                f"{model}: {tokens:,} tokens have no price and are in no amount of USD"
                + (f", as {reason}; more:" if reason else "; what helps:")
                + f" switchwise models unmapped --month {report.month}{then}"
            )
