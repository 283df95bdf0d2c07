"""The command that lists recommendations: advise."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlmodel import Session

from advisor.advice import computation, pair_names, rendering, slices, values
from advisor.advice.values import Recommendation
from advisor.months import pricings
from advisor.publishing.api import recommendation_body
from advisor.stages import recommendations
from advisor.stages.stored_recommendation import StoredRecommendation
from cli import app, options
from cli.text import advice_list
from ledger import clock, months, pairs
from ledger.months import Month
from ledger.settings import Settings

commands = app.new_commands()


@commands.command(epilog="Example: switchwise advise --pair gpt-4.1:gpt-4.1-mini")
def advise(
    month: options.Month = None,
    pair: Annotated[
        str | None, typer.Option(help="Only this pair, FROM:TO, whether or not it is configured.")
    ] = None,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """What to move, what it saves at least, and until when."""
    if pair:
        pairs.parse_one(pair)
    with app.open_ledger(data, pairs=pair) as (database, settings), database.snapshot() as session:
        pair_names.check_models(session, settings.pairs, "--pair" if pair else "SWITCHWISE_PAIRS")
        if month is None and pair is None:
            listed = recommendations.read_current(session)
            in_hand = recommendations.read_in_hand(session)
            now = months.containing(clock.now_us(), settings.zone)
            body: object = recommendation_body.load_many(session, [*listed, *in_hand], now)
            advised = [current.recommendation for current in listed]
        else:
            listed, in_hand = [], []
            chosen_month = months.parse(month, settings.zone) if month else None
            advised = _compute(session, settings, chosen_month)
            body = [rendering.figure_of(recommendation) for recommendation in advised]
        models = [] if advised else _models_in_use(session)
    if as_json:
        app.print_json(body)
    elif advised:
        _show(advised, listed)
    else:
        app.console.print(advice_list.no_advice(pairs.parse_policy(settings.pairs), models))
    if not as_json:
        advice_list.show_in_hand(app.console, in_hand)


def _compute(session: Session, settings: Settings, month: Month | None) -> list[Recommendation]:
    """The advice of a month, or of one pair over the last weeks. Nothing is stored."""
    return computation.compute(
        session,
        pricings.in_force(session),
        settings,
        clock.now_us(),
        month=month,
        claimed=frozenset() if month else recommendations.find_in_hand_ids(session),
        dismissed=frozenset() if month else recommendations.find_dismissed_ids(session),
    )


def _models_in_use(session: Session) -> list[str]:
    readings = slices.read_slices(session, pricings.in_force(session), clock.now_us())
    return sorted({reading.slice.model for reading in readings})


def _show(advised: Sequence[Recommendation], listed: Sequence[StoredRecommendation]) -> None:
    changed = {current.recommendation.id: current for current in listed if current.version > 1}
    figures = [rendering.figure_of(recommendation) for recommendation in advised]
    advice_list.show(app.console, figures, values.total(advised), changed)
