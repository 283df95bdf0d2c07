"""The commands of who maintains the shipped price book: prices compile, prices diff. They alone
load the public catalogue."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from advisor import words
from advisor.months import repricing
from cli import app, options, progress
from cli.text import book_text
from ledger.errors import UsageError
from ledger.pricing import (
    book_diff,
    book_file,
    compilation,
    overlay,
    price_book,
    shutdowns,
)

commands = app.new_commands()

Overlay = Annotated[
    Path,
    typer.Option(
        "--overlay", help="The file of our own prices.", show_default="the one of this release"
    ),
]


@commands.command("compile", epilog="Example: switchwise prices compile")
def compile_book(
    overlay_path: Overlay = overlay.PATH,
    out: Annotated[
        Path, typer.Option(help="Where to write.", show_default="over the shipped book")
    ] = price_book.BOOK_PATH,
    as_json: options.AsJson = False,
) -> None:
    """Compile the shipped price book.

    From the installed genai-prices and the overlay; the same inputs give the same bytes.
    """
    own = _read(overlay_path)
    compilation.check_release(own)
    content = book_file.encode(compilation.compile_book(own))
    book = book_file.decode(content)
    contradictions = compilation.contradictions(own)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"cannot write {out}: {error.strerror}; choose another file with --out"
        ) from error
    if as_json:
        counts = {
            "prices": len(book.prices),
            "left_out": len(book.left_out),
            "shutdown_contradictions": len(contradictions),
        }
        app.print_json(
            {"version": book.version, "catalogue": book.catalogue, **counts, "path": str(out)}
        )
    else:
        left_out = words.counted(len(book.left_out), "model")
        app.console.print(
            f"Price book {book.version}: {len(book.prices):,} prices of {book.catalogue} and"
            " the overlay."
        )
        app.console.print(
            f"{left_out} left out, each with its reason. Written to {out}", soft_wrap=True
        )
        for row in contradictions:
            app.console.print(
                f"{row.name} at {row.provider} shuts down on {row.ours} by the overlay, which"
                f" holds, and on {row.theirs} by the list of shutdowns.",
                soft_wrap=True,
            )


@commands.command(
    "shutdowns",
    epilog="Example: switchwise prices shutdowns model_prices_and_context_window.json"
    " --release 1.110.2",
)
def write_shutdowns(
    model_map: Annotated[
        Path, typer.Argument(help="LiteLLM's model map, as its release or repository has it.")
    ],
    release: Annotated[str, typer.Option(help="The release that the file is of.")],
    out: Annotated[
        Path, typer.Option(help="Where to write.", show_default="over the shipped list")
    ] = shutdowns.PATH,
) -> None:
    """Write the list of announced shutdowns.

    From a downloaded map of LiteLLM's, as facts with their source; `prices compile` reads the list.
    """
    try:
        rows = shutdowns.read_map(msgspec.json.decode(model_map.read_bytes(), type=dict), release)
        out.write_text(shutdowns.text_of(rows), encoding="utf-8")
    except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(
            f"cannot read {model_map} or write {out}: {error}; give LiteLLM's model map as JSON"
        ) from error
    app.console.print(
        f"{words.counted(len(rows), 'shutdown')} of LiteLLM {release}. Written to {out}; review the"
        " difference, then: switchwise prices compile",
        soft_wrap=True,
    )


@commands.command("diff", epilog="Example: switchwise prices diff --json")
def diff(
    overlay_path: Overlay = overlay.PATH, data: options.Data = None, as_json: options.AsJson = False
) -> None:
    """What compiling the price book would change.

    Prices, facts, and the dollars of your own traffic.
    """
    own = _read(overlay_path)
    shipped = book_file.decode(price_book.BOOK_PATH.read_bytes())
    compiled = book_file.decode(book_file.encode(compilation.compile_book(own)))
    with (
        app.open_prices(data) as (database, settings),
        progress.bar("months") as show,
        database.snapshot() as session,
    ):
        months = repricing.preview_book(session, settings, book_file.to_price_book(compiled), show)
    review = book_text.Review(
        shipped=shipped,
        compiled=compiled,
        overlay_release=own.genai_prices.version,
        installed_release=compilation.installed_release(),
        prices=book_diff.price_changes(shipped, compiled),
        facts=[
            *book_diff.fact_changes(shipped, compiled),
            *book_diff.name_changes(shipped, compiled),
        ],
        months=months,
    )
    if as_json:
        app.print_json(book_text.body(review))
    else:
        book_text.show(app.console, review)


def _read(overlay_path: Path) -> overlay.Overlay:
    try:
        return overlay.load_overlay(overlay_path)
    except (OSError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(
            f"cannot read the overlay {overlay_path}: {error}; see {overlay.PATH}"
        ) from error
