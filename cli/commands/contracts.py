"""The commands of negotiated prices: contracts list, discount, price, end."""

from dataclasses import replace
from typing import Annotated

import typer

from cli import app, changes, option_groups, options, price_options
from cli.commands import fixed_costs
from cli.price_options import PriceOptions, TermOptions
from cli.text import plain
from ledger import clock, prose
from ledger.pricing import contracts, fixed_cost_store, in_force, names, price_book
from ledger.pricing.contracts import Contract, Discount, FixedPrice

commands = app.new_commands()


@commands.command("list", epilog="Example: switchwise contracts list")
def list_contracts(data: options.Data = None, as_json: options.AsJson = False) -> None:
    """Every contract with its days.

    * marks those in force today.
    """
    today = clock.day_of(clock.now_us())
    with app.open_ledger(data) as (database, _), database.snapshot() as session:
        agreed = sorted(
            in_force.load_overrides(session).contracts,
            key=lambda contract: (contract.scope, contract.effective_from),
        )
        costs = fixed_cost_store.load_all(session)
    if as_json:
        bodies = [fixed_costs.body_of(cost, today) for cost in costs]
        app.print_json([*(_body(contract, today) for contract in agreed), *bodies])
        return
    if not agreed and not costs:
        app.console.print(
            "No contracts: every price is the list price."
            " Add one with: switchwise contracts discount PROVIDER PERCENT"
        )
        return
    grid = plain.table(("", "id", "from", "until", "terms"))
    for contract in agreed:
        mark = "*" if contract.holds_on(today) else ""
        since, until = _days(contract)
        terms = f"{contract}{_rates_text(contract)}; {contract.source}"
        grid.add_row(mark, contract.id, since, until or "", terms)
    for cost in costs:
        grid.add_row(*fixed_costs.row_of(cost, today))
    app.console.print(grid)


@commands.command(
    "discount",
    epilog=(
        "Example: switchwise contracts discount openai 12.5 --since 2026-11-01"
        " --source 'order 4711' --dry-run"
    ),
)
@option_groups.spread
def set_discount(
    provider: Annotated[str, typer.Argument(help="The provider it was negotiated with.")],
    percent: Annotated[str, typer.Argument(help="Percent off every list rate.")],
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    tier: Annotated[
        str | None, typer.Option(help=f"Only this tier: {prose.one_of(price_options.TIERS)}.")
    ] = None,
    *,
    terms: TermOptions,
) -> None:
    """Take a discount off list prices.

    A discount for a model goes before one for a tier, and that before one for the provider. What
    moves in each month is shown.
    """
    if tier is not None:
        price_options.check_tier(tier)
    discount = Discount(
        effective_from=terms.first_day,
        effective_until=terms.end_day,
        source=terms.source,
        provider=names.provider_name(provider),
        discount_ppm=contracts.ppm_of(percent),
        service_tier=tier or "",
    )
    with app.begin_ledger(terms.data) as (database, settings):
        if model:
            with database.snapshot() as session:
                book = in_force.load_book(session)
            canonical = names.canonical_model(book, discount.provider, model)
            discount = replace(discount, model=canonical)
        changes.carry_out(
            database,
            settings,
            lambda overrides: overrides.with_contract(discount),
            f"{discount}; {contracts.period_text(discount)}",
            dry_run=terms.dry_run,
            as_json=terms.as_json,
        )


@commands.command(
    "price",
    epilog=(
        "Example: switchwise contracts price gpt-4.1 --input 1.60 --cached 0.40 --output 6.40"
        " --since 2026-11-01"
    ),
)
@option_groups.spread
def set_fixed_price(
    model: Annotated[str, typer.Argument(help="A model that has a list price.")],
    price: PriceOptions,
    terms: TermOptions,
) -> None:
    """Fix what a model costs.

    It goes before every discount. What is not given keeps its price. What moves in each month is
    shown.
    """
    rates = price.rates()
    first, end = terms.first_day, terms.end_day
    with app.begin_ledger(terms.data) as (database, settings):
        with database.snapshot() as session:
            book = in_force.load_book(session)
        key = price.key(book, model)
        fixed_price = FixedPrice(
            effective_from=first,
            effective_until=end,
            source=terms.source,
            key=key._replace(model=names.canonical_model(book, key.provider, model)),
            rates=rates,
        )
        description = f"{fixed_price}{_rates_text(fixed_price)}"
        changes.carry_out(
            database,
            settings,
            lambda overrides: overrides.with_contract(fixed_price),
            f"{description}; {contracts.period_text(fixed_price)}",
            dry_run=terms.dry_run,
            as_json=terms.as_json,
        )


@commands.command("end", epilog="Example: switchwise contracts end 3f2a9c0d --on 2027-01-01")
def end_contract(
    contract_id: Annotated[
        str, typer.Argument(metavar="ID", help="As `switchwise contracts list` shows it.")
    ],
    on: Annotated[
        str | None, typer.Option(help="First UTC day without it, YYYY-MM-DD; today if absent.")
    ] = None,
    dry_run: options.DryRun = False,
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """End a contract on a day.

    On its first day or before, it is as if it had never been.
    """
    day = options.day("--on", on)
    with app.open_ledger(data) as (database, settings):
        with database.snapshot() as session:
            agreed = in_force.load_overrides(session).contracts
            costs = fixed_cost_store.load_all(session)
        if contract_id in {cost.id for cost in costs}:
            fixed_costs.end(database, settings, contract_id, day, dry_run=dry_run, as_json=as_json)
            return
        names_by_id = {contract.id: str(contract) for contract in agreed}
        name = names_by_id.get(contract_id, contract_id)
        changes.carry_out(
            database,
            settings,
            lambda overrides: overrides.without_contract(contract_id, day),
            f"{name}: over from {clock.date_of(day)} on",
            dry_run=dry_run,
            as_json=as_json,
        )


def _days(contract: Contract) -> tuple[str, str | None]:
    """The first day of a contract, and the first day without it."""
    until = contract.effective_until
    last = None if until is None else clock.date_of(until).isoformat()
    return clock.date_of(contract.effective_from).isoformat(), last


def _rates_text(contract: Contract) -> str:
    if isinstance(contract, FixedPrice):
        return f": {price_options.rates_text(contract.rates)}"
    return ""


def _body(contract: Contract, today: int) -> dict[str, object]:
    since, until = _days(contract)
    terms = _discount_body(contract) if isinstance(contract, Discount) else _price_body(contract)
    return {
        "id": contract.id,
        "effective_from": since,
        "effective_until": until,
        "in_force": contract.holds_on(today),
        **terms,
        "source": contract.source,
    }


def _discount_body(discount: Discount) -> dict[str, object]:
    return {
        "kind": "discount",
        "provider": discount.provider,
        "model": discount.model or None,
        "service_tier": discount.service_tier or None,
        "discount_percent": contracts.percent_text(discount.discount_ppm).removesuffix(" %"),
    }


def _price_body(price: FixedPrice) -> dict[str, object]:
    return {
        "kind": "price",
        **price.key._asdict(),
        "usd_per_million_tokens": price_book.rate_texts(price.rates),
    }
