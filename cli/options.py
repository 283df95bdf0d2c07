"""Options that commands about prices, names and closed months share, and what a person gives with them, read exactly or refused."""

import getpass
from datetime import date
from typing import Annotated, get_args

import typer

from advisor import words
from ledger import bands, clock, events, money
from ledger.errors import UsageError
from ledger.pricing import names, price_book
from ledger.pricing.prices import PriceBook, PriceKey, Rates

TIERS = tuple(tier for tier in get_args(events.ServiceTier) if tier != events.UNKNOWN)

Rate = Annotated[str | None, typer.Option(help="USD per million tokens.", metavar="RATE")]
Provider = Annotated[
    str | None, typer.Option(help="Its provider; the vendor's own if one vendor sells it.")
]
Tier = Annotated[str, typer.Option(help=f"One of {', '.join(TIERS)}.")]
Over = Annotated[int, typer.Option(help="Only for requests of more input tokens than this.", min=0)]
Region = Annotated[str, typer.Option(help="Where the model runs, if its price differs there.")]
Until = Annotated[
    str | None, typer.Option(help="First UTC day without it, YYYY-MM-DD; open if absent.")
]
Source = Annotated[str, typer.Option(help="Where it is written down, for whoever asks.")]
MonthArgument = Annotated[
    str, typer.Argument(metavar="MONTH", help="YYYY-MM in the reporting zone.")
]
By = Annotated[
    str | None, typer.Option(help="Who does it, for the books; your login name if absent.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would change, and store nothing.")
]


def day(option: str, text: str | None) -> int:
    """The UTC day number of a given day, by default today. Raises UsageError naming the option."""
    if text is None:
        return clock.day_of(clock.now_us())
    try:
        found = clock.day_number(date.fromisoformat(text))
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a day; write it as YYYY-MM-DD") from error
    if found < 0:
        raise UsageError(f"{option}: {text} lies before 1970; no ledger begins there")
    return found


def rates(**given: str | None) -> Rates:
    """The rates of USD per million tokens that were given, by meter. Raises UsageError on what is no rate."""
    return Rates(
        **{
            meter: money.nano_usd_per_mtok(text)
            for meter, text in given.items()
            if text is not None
        }
    )


def rates_text(found: Rates) -> str:
    """Rates in a line, to follow what they are of."""
    told = (f"{words.label(meter)} {rate}" for meter, rate in price_book.rate_texts(found).items())
    return f"{', '.join(told)} USD per MTok"


def key(
    book: PriceBook, model: str, provider: str | None, tier: str, over: int, region: str
) -> PriceKey:
    """The price that is meant. Raises UsageError naming what is missing or is none."""
    checked_tier(tier)
    if over and over not in bands.SIZES:
        raise UsageError(
            f"--over: requests are not told apart at {over}; use one of {', '.join(map(str, bands.SIZES))}"
        )
    named = provider or names.sole_vendor(book, model)
    if named is None:
        raise UsageError(f"no single vendor sells {model!r}; name its provider with --provider")
    return PriceKey(names.provider_name(named), model, tier, over, region)


def checked_tier(tier: str) -> None:
    """Raises UsageError for a tier that is none."""
    if tier not in TIERS:
        raise UsageError(f"{tier!r} is not a tier; use one of {', '.join(TIERS)}")


def who(by: str | None) -> str:
    """The name that goes into the books. Raises UsageError where there is none."""
    name = (by or _login_name()).strip()
    if not name:
        raise UsageError("nobody is named; say who does it with --by NAME")
    return name


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
