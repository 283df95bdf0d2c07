"""The command that lists recommendations: advise."""

from typing import Annotated

import typer

from advisor.advice import computation, rendering, values
from advisor.months import pricings
from advisor.publishing.api import recommendation_body
from advisor.stages import recommendations
from cli import app, options
from cli.text import advice_list, stage_text
from ledger import clock, months, pairs

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
        stored = recommendations.read(session) if month is None and pair is None else None
        held = recommendations.in_hand(session) if stored is not None else []
        now = months.containing(clock.now_us(), settings.zone)
        bodies = recommendation_body.load_many(session, [*(stored or ()), *held], now)
        if stored is not None:
            advised = [each.recommendation for each in stored]
        else:
            chosen = months.parse(month, settings.zone) if month else None
            pricing = pricings.in_force(session)
            claimed = recommendations.in_hand_ids(session) if month is None else frozenset()
            advised = computation.compute(
                session, pricing, settings, clock.now_us(), month=chosen, claimed=claimed
            )
    found = [rendering.figure_of(recommendation) for recommendation in advised]
    if as_json:
        app.print_json(found if stored is None else bodies)
        return
    stages = {
        each.recommendation.id: stage_text.standing(each)
        for each in stored or ()
        if each.version > 1
    }
    total = rendering.ends_of(values.total(advised))
    advice_list.show(app.console, found, total, stages)
    advice_list.show_in_hand(app.console, held)
