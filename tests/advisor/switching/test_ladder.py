"""Every pair of the default ladder by name, and what its cautious end assumes before a trial."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.switching import assumptions
from ledger.pricing import price_book

BOOK = price_book.shipped()
LISTED = Path(__file__).parent.parent.parent / "golden" / "ladder.csv"
COLUMNS = ("provider", "model", "smaller", "phi_out", "phi_in", "because")


def _rows() -> Iterator[dict[str, str]]:
    """The ladder of the book; `python -m tests.advisor.switching.test_ladder` lists it anew."""
    for provider, sold in sorted(BOOK.models.items()):
        for model in sorted(sold):
            facts = BOOK.facts_of(provider, model)
            if facts.smaller is None:
                continue
            band = assumptions.of_another_model(facts, BOOK.facts_of(provider, facts.smaller))
            row = (
                provider,
                model,
                facts.smaller,
                f"{float(band.low.phi_out):g}",
                f"{float(band.low.phi_in):g}",
                " ".join(sorted(band.grounds.values())),
            )
            yield dict(zip(COLUMNS, row, strict=True))


def test_every_pair_of_the_ladder_and_its_cautious_end_are_as_listed() -> None:
    with LISTED.open(encoding="utf-8", newline="") as lines:
        assert list(_rows()) == list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("provider", "model", "phi_out", "phi_in"),
    [
        ("openai", "gpt-4.1", "1.5", "1"),  # neither reasons, and both count tokens alike
        ("openai", "gpt-5.4", "8", "1"),  # the smaller one reasons by default
        ("openai", "gpt-6.1-sol", "1.5", "1"),  # both reason
        ("anthropic", "claude-opus-4-8", "8", "1"),
        ("anthropic", "claude-sonnet-5-5", "1.5", "1"),
        ("gcp.gemini", "gemini-2.5-pro", "1.5", "1"),
    ],
)
def test_some_pairs_by_hand(provider: str, model: str, phi_out: str, phi_in: str) -> None:
    (row,) = (row for row in _rows() if (row["provider"], row["model"]) == (provider, model))
    assert (row["phi_out"], row["phi_in"]) == (phi_out, phi_in)


if __name__ == "__main__":
    with LISTED.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rows())
