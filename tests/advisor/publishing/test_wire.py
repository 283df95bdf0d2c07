"""Bodies and their documentation follow from the figures: a new field needs no second list."""

from dataclasses import dataclass, fields

from pydantic import TypeAdapter

from advisor.months.figures import CoverageFigure, UsageFigure
from advisor.publishing import wire
from advisor.publishing.exports import cells
from advisor.report.figures import Report, SavingsReport


@dataclass(frozen=True, slots=True, kw_only=True)
class WiderUsage(UsageFigure):
    """Usage with one more field."""

    added_usd: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A figure that holds usage in every way that a report does."""

    total: UsageFigure
    adjusted: UsageFigure | None
    models: tuple[UsageFigure, ...]
    added: int


def usage(**names: str) -> UsageFigure:
    """Usage of one request under names."""
    counts = {
        field.name: 1
        for field in fields(UsageFigure)
        if field.name.endswith(("tokens", "requests"))
    }
    return UsageFigure(
        names=names,
        cost_usd="1.00",
        list_cost_usd=None,
        usd_per_mtok=None,
        coverage=CoverageFigure(ratio=None, provisional=False, gaps={}),
        **counts,  # type: ignore[arg-type]  # the counts alone are whole numbers
    )


def test_names_stand_beside_the_amounts_they_name_wherever_usage_stands() -> None:
    page = Page(total=usage(), adjusted=None, models=(usage(model="gpt-4.1"),), added=7)
    body = wire.body(page)
    assert (body["adjusted"], body["added"]) == (None, 7)
    assert list(body["models"][0])[:2] == ["model", "cost_usd"]
    assert "names" not in body["total"]


def test_the_documentation_has_every_field_and_the_names_as_optional_ones() -> None:
    document = TypeAdapter(wire.schema(Page)).json_schema()
    assert document["required"] == ["total", "adjusted", "models", "added"]
    usage_schema = document["$defs"]["UsageFigure"]
    assert {"model", "project", "cost_usd", "coverage"} <= set(usage_schema["properties"])
    assert "model" not in usage_schema["required"]
    assert "cost_usd" in usage_schema["required"]


def test_the_report_is_documented_under_its_own_fields() -> None:
    for figure_type in (Report, SavingsReport):
        names = [field.name for field in fields(figure_type)]
        assert list(TypeAdapter(wire.schema(figure_type)).json_schema()["properties"]) == names


def test_a_new_field_of_a_figure_is_a_column_of_its_table() -> None:
    assert cells.columns(WiderUsage, leading="project cost_usd")[:2] == ("project", "cost_usd")
    assert "added_usd" in cells.columns(WiderUsage)
