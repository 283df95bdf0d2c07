"""The command that prints how LiteLLM mirrors a share of the traffic: trial shadow."""

from typing import Annotated

import typer

from advisor.trial import shadow
from advisor.trial.routing import Deployment
from cli import app, options
from ledger import pairs
from ledger.errors import UsageError
from ledger.pricing import in_force, names
from ledger.pricing.prices import PriceBook

commands = app.new_commands()

_NOTES = """\
Paste it into the proxy's config.yaml, in place of the source's own entry, and restart the proxy.
Users get the source's answer alone. Each copy is billed, at the target's prices.
Copies reach the ledger as any other request of the target does: through the callback, or with
`switchwise import LOG` (JSON lines of the proxy, or its spend logs).
They carry the tags of their originals, so they count for the same project and workload.
They show what the target costs, its tokens, its latency and its failures. They prove nothing about
its answers. For that: switchwise trial run PROMPTS --pair FROM:TO --endpoint URL
"""


@commands.command(
    "shadow", epilog="Example: switchwise trial shadow --pair gpt-4.1:gpt-4.1-mini --share 5%"
)
def shadow_traffic(
    pair: Annotated[str, typer.Option(help="FROM:TO, each [provider/]model[@tier].")],
    share: Annotated[str, typer.Option(help="Share of the requests to mirror.")] = "5%",
    data: options.Data = None,
    as_json: options.AsJson = False,
) -> None:
    """Mirror a share of live traffic to the target.

    It prints the configuration that makes LiteLLM send a copy of that share to the target, and says
    how the copies get into the ledger. It changes nothing.
    """
    parsed = pairs.parse_one(pair)
    if parsed.keeps_model:
        raise UsageError(f"--pair {pair}: keeps the model, so there is nothing to compare")
    with app.open_prices(data) as (database, _), database.snapshot() as session:
        book = in_force.load_book(session)
    source, target = (_deployment(book, side) for side in (parsed.source, parsed.target))
    configuration = shadow.model_list(source, target, shadow.parse_share(share))
    if as_json:
        app.print_json({"configuration": configuration, "notes": _NOTES.splitlines()})
        return
    app.console.print(configuration.rstrip(), soft_wrap=True)
    app.console.print()
    app.console.print(_NOTES.rstrip(), soft_wrap=True)


def _deployment(book: PriceBook, side: pairs.Side) -> Deployment:
    provider = side.provider or names.sole_vendor(book, side.model) or ""
    return Deployment(provider, side.model, side.service_tier)
