"""The commands that show figures: table, advise, explain, rollup."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated

import typer

from advisor import refresh, words
from advisor.advice import computation
from advisor.months import month_explanation, pricings
from advisor.publishing.api import wire
from advisor.stages import recommendations
from advisor.stages.stored import StoredRecommendation
from advisor.switching import table
from cli import app
from cli.text import advice_list, advice_text, plain, stage_text, trace_text
from ledger import clock, money, months, pairs
from ledger.errors import PriceUnknown, UsageError
from ledger.pricing import in_force, names, prices
from worker import rollup


@app.application.command(
    name="table",
    epilog="Example: switchwise table gpt-4.1 gpt-4.1-mini --volumes 1M,10M,100M --output-share 0.5",
)
def table_command(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A model: [provider/]model[@tier].")
    ],
    target: Annotated[str, typer.Argument(metavar="TO", help="The model to compare with.")],
    volumes: Annotated[
        str, typer.Option(help="Tokens a month, such as 1M,10M,1.5B.")
    ] = "1M,10M,100M",
    output_share: Annotated[
        str, typer.Option(help="Share of output in all tokens, 0 to 1.")
    ] = "0.5",
    cached_share: Annotated[str, typer.Option(help="Share of cached in input, 0 to 1.")] = "0",
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """Compare two models at monthly volumes and a blend."""
    with app.opened(data) as (database, _), database.snapshot() as session:
        book = in_force.load_book(session)
    sides = _priced_side(book, source), _priced_side(book, target)
    shares = _share("--output-share", output_share), _share("--cached-share", cached_share)
    found = table.of_pair(
        book, *sides, table.volumes(volumes), *shares, clock.day_of(clock.now_us())
    )
    if as_json:
        app.print_json(_table_body(found))
        return
    app.console.print(found.heading)
    grid = plain.table("tokens a month", sides[0].model, sides[1].model, "saving", right=3)
    for row in found.rows:
        amounts = (row.from_femto_usd, row.to_femto_usd, row.saving_femto_usd)
        grid.add_row(
            words.count(row.volume_tokens), *(words.whole_dollars(amount) for amount in amounts)
        )
    app.console.print(grid)
    if found.saving_share is not None:
        app.console.print(
            f"Savings: {words.percent(money.optional_ratio_text(found.saving_share))} at every volume, as priced."
        )


@app.application.command(epilog="Example: switchwise advise --pair gpt-4.1:gpt-4.1-mini")
def advise(
    month: app.MonthOption = None,
    pair: Annotated[
        str | None, typer.Option(help="Only this pair, FROM:TO, whether or not it is configured.")
    ] = None,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """What to move, what it saves at least, until when."""
    if pair:
        pairs.parse_one(pair)
    with app.opened(data, pairs=pair) as (database, settings), database.snapshot() as session:
        stored = recommendations.read(session) if month is None and pair is None else None
        held = recommendations.in_hand(session) if stored is not None else []
        now = months.containing(clock.now_us(), settings.zone)
        bodies = wire.bodies(session, [*(stored or ()), *held], now)
        if stored is not None:
            found = [each.figure for each in stored]
        else:
            chosen = months.parse(month, settings.zone) if month else None
            pricing = pricings.in_force(session)
            claimed = recommendations.in_hand_ids(session) if month is None else frozenset()
            found = computation.compute(
                session, pricing, settings, clock.now_us(), chosen, claimed=claimed
            )
    if as_json:
        app.print_json(found if stored is None else bodies)
        return
    stages = {
        each.figure.id: stage_text.standing(each) for each in stored or () if each.version > 1
    }
    advice_list.show(app.console, found, computation.total(found), stages)
    advice_list.show_in_hand(app.console, held)


@app.application.command(epilog="Example: switchwise explain 2026-10 --project search")
def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="MONTH|ID", help="A month, or a recommendation as `switchwise advise` lists it."
        ),
    ],
    project: Annotated[str | None, typer.Option(help="Of a month: only this project.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Of a month: only this model, as the report names it.")
    ] = None,
    data: app.Data = None,
    as_json: app.AsJson = False,
) -> None:
    """The arithmetic behind a month's figure and its adjustments, or behind one recommendation."""
    with app.opened(data) as (database, settings), database.snapshot() as session:
        # The id of a recommendation is hexadecimal, so only a month has a hyphen.
        found: month_explanation.ExplainedMonth | StoredRecommendation
        if "-" in what:
            found, body = (
                month_explanation.explain(session, settings, clock.now_us(), what, project, model),
                None,
            )
        else:
            found = recommendations.find(session, what)
            body = wire.body(session, found, months.containing(clock.now_us(), settings.zone))
    if isinstance(found, month_explanation.ExplainedMonth):
        if as_json:
            app.print_json(found)
        else:
            for line in trace_text.lines(found):
                typer.echo(line)
    elif as_json:
        app.print_json(body)
    else:
        advice_text.show_one(app.console, found, body.move if body else None)


@app.application.command(name="rollup", epilog="Example: switchwise rollup")
def roll_up(data: app.Data = None) -> None:
    """Roll up and compute statements and advice, now."""
    with app.opened(data) as (database, settings):
        rows = rollup.roll_up(database, settings.max_metric_sets)
        changed = refresh.refresh(database, settings)
    app.console.print(
        f"{words.counted(rows, 'group')} rolled up, {words.counted(changed, 'month')} computed again."
    )


def _priced_side(book: prices.PriceBook, text: str) -> prices.PriceKey:
    """The price key of a side; without a provider it is the vendor's own. Raises PriceUnknown naming what to do."""
    side = pairs.parse_side(text)
    provider = side.provider or names.sole_vendor(book, side.model)
    if provider is None:
        raise PriceUnknown(
            f"no price for {side.model}; name its provider (provider/{side.model}) or list: switchwise prices list"
        )
    word = names.provider_name(provider)
    return prices.PriceKey(
        word, names.canonical_model(book, word, side.model), side.service_tier or "standard"
    )


def _table_body(found: table.Table) -> dict[str, object]:
    rows = [
        {
            "volume_tokens": row.volume_tokens,
            "from_usd": money.usd_text(row.from_femto_usd),
            "to_usd": money.usd_text(row.to_femto_usd),
            "saving_usd": money.usd_text(row.saving_femto_usd),
        }
        for row in found.rows
    ]
    blends = {
        "from_usd_per_mtok": money.text(found.from_usd_per_mtok),
        "to_usd_per_mtok": money.text(found.to_usd_per_mtok),
    }
    return {
        "heading": found.heading,
        **blends,
        "saving_ratio": money.optional_ratio_text(found.saving_share),
        "rows": rows,
    }


def _share(option: str, text: str) -> Fraction:
    try:
        return Fraction(Decimal(text))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise UsageError(f"{option}: {text!r} is not a share; give a number from 0 to 1") from error
