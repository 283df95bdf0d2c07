"""Azure's traces become events of the model that the import names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats import trace_csv
from collector.parsing.naming import Naming
from collector.parsing.reading import Rejected
from ledger import clock, events
from ledger.events import Event

SHA = "0f" * 32
NAMING = Naming(model="gpt-4.1", provider="openai", project="code")


def parse(line: str, naming: Naming = NAMING) -> Event | Rejected:
    """The reading of one line, as the second of its file."""
    return trace_csv.parse_line(line, naming, line_number=2, file_sha256=SHA)


def test_a_line_is_a_request_of_the_model_that_the_import_names() -> None:
    event = parse("2023-11-16 18:17:03.9799609,4808,10\r\n")
    assert isinstance(event, Event)
    assert clock.rfc3339(event.occurred_at) == "2023-11-16T18:17:03.979960Z"
    assert (
        event.input_tokens,
        event.output_tokens,
        event.cached_input_tokens,
        event.reasoning_tokens,
    ) == (
        4808,
        10,
        None,
        None,
    )
    labels = event.labels
    assert (labels.model, labels.provider, labels.project, labels.usage_source) == (
        "gpt-4.1",
        "openai",
        "code",
        "provider",
    )
    assert (labels.service_tier, labels.context_band) == ("standard", 0)
    assert event.dedupe_key == f"{SHA}:2"


def test_a_trace_says_no_provider_of_its_own() -> None:
    event = parse("2023-11-16 18:17:03,1,1", Naming(model="gpt-4.1"))
    assert isinstance(event, Event)
    assert event.labels.provider == "unknown"


def test_an_offset_is_kept_and_a_long_input_is_banded() -> None:
    event = parse("2024-05-10 02:00:00.009930+02:00,200001,1")
    assert isinstance(event, Event)
    assert clock.rfc3339(event.occurred_at) == "2024-05-10T00:00:00.009930Z"
    assert event.labels.context_band == events.context_band(200_001)


def test_without_a_model_the_remedy_is_named() -> None:
    reading = parse("2023-11-16 18:17:03,1,1", Naming())
    assert isinstance(reading, Rejected)
    assert "--model" in reading.reason


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a",
        trace_csv.HEADER,
        "2023-11-16 18:17:03,1",
        "2023-11-16 18:17:03,1,1,1",
        "2023-11-16,1,1",
        "2023-11-16 18:17:03,-1,1",
        "2023-11-16 18:17:03,1.0,1",
        "2023-11-16 18:17:03,,1",
        "2023-11-16 18:17:03,1,²",
        "2023-11-16 18:17:03,1000000001,1",
        f"2023-11-16 18:17:03,1,{'9' * 5000}",
        "16/11/2023 18:17,1,1",
    ],
)
def test_a_line_that_is_no_request_is_refused(line: str) -> None:
    assert isinstance(parse(line), Rejected)


@given(
    st.text(st.characters(codec=None))
    | st.lists(st.text(max_size=30), min_size=3, max_size=3).map(",".join)
)
def test_no_line_breaks_the_parser(line: str) -> None:
    assert isinstance(parse(line), Event | Rejected)
