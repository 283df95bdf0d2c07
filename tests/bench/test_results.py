"""RESULTS.md: a section is replaced where it stood, and an unknown benchmark is refused."""

from pathlib import Path

import pytest

from bench import __main__ as command
from bench import results, timing

TWO_SECTIONS = "# Results\n\nfirst\n\n## Saving\n\nold\n\n## Forecast\n\nkept\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A RESULTS.md of the test's own, with two sections."""
    path = tmp_path / "RESULTS.md"
    path.write_text(TWO_SECTIONS)
    monkeypatch.setattr(results, "RESULTS", path)
    return path


def test_a_section_is_replaced_where_it_stood_and_a_new_one_comes_last(path: Path) -> None:
    results.replace("Saving", "new\n")
    assert path.read_text() == "# Results\n\nfirst\n\n## Saving\n\nnew\n\n## Forecast\n\nkept\n"
    results.replace("Loss", "none\n")
    assert path.read_text().endswith("## Forecast\n\nkept\n\n## Loss\n\nnone\n")


def test_an_unknown_benchmark_is_refused_and_nothing_is_written(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["single"]) == 2
    assert "unknown benchmark 'single'; use one of singles, " in capsys.readouterr().err
    assert path.read_text() == TWO_SECTIONS


def test_a_row_has_the_medians_and_the_ratio_of_each_round() -> None:
    row = timing.compare("stored", "events/s", ours=[9, 8, 4], floor=[10, 10, 10], floor_name="raw")
    assert row.markdown == ("| stored | 8 events/s | 10 events/s | raw | **0.80** (0.40 to 0.90) |")
