"""What leaves a LiteLLM proxy through our callback: the fields that we read, nothing else."""

import ast
import json
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.formats import litellm
from collector.parsing.naming import Naming
from ledger.events import Event
from tests.advisor import sender_costs
from tests.collector.formats import captures
from tests.collector.formats.captures import Captured
from tests.integrations import callback

CAPTURED = captures.litellm()
OURS = callback.load()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(list(OURS.RULES)) | st.text(max_size=5), inner)
    ),
    max_leaves=20,
)


def slimmed(payload: object) -> bytes:
    """A payload as the callback writes it."""
    return json.dumps(OURS.slim(payload), separators=(",", ":")).encode()


def by_name(captured: Captured) -> str:
    """The id of a parametrised test."""
    return captured.name


@pytest.mark.parametrize("captured", CAPTURED, ids=by_name)
def test_a_captured_payload_reads_the_same_after_the_callback_has_slimmed_it(
    captured: Captured,
) -> None:
    slim = slimmed(json.loads(captured.element))
    assert litellm.parse(slim, Naming()) == litellm.parse(captured.element, Naming())
    assert len(slim) < 1_700


def test_what_sets_the_price_of_a_payload_leaves_the_proxy() -> None:
    cases = Path(__file__).parents[1] / "golden" / "cases"
    payloads = [
        line.encode()
        for path in sorted(cases.rglob("*.jsonl"))
        for line in path.read_text().splitlines()
        if isinstance(litellm.parse(line.encode(), Naming()), Event) and '"request_id"' not in line
    ]
    assert len(payloads) >= 5
    payloads.extend(
        json.dumps(sender_costs.payload_of(case)).encode() for case in sender_costs.recorded_cases()
    )
    for payload in payloads:
        sent = slimmed(json.loads(payload))
        assert litellm.parse(sent, Naming()) == litellm.parse(payload, Naming())


@pytest.mark.parametrize("captured", CAPTURED, ids=by_name)
def test_no_private_text_of_a_captured_payload_leaves_the_proxy(captured: Captured) -> None:
    sent = slimmed(json.loads(captured.element)).decode()
    private = captures.private_texts(json.loads(captured.element))
    assert [text for text in private if text in sent or json.dumps(text)[1:-1] in sent] == []


def test_tools_and_schemas_are_named_as_present_without_a_word_of_them() -> None:
    parameters = {
        "tools": [{"function": {"description": "CANARY"}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "CANARY"}},
        "text": {"format": {"type": "json_schema", "schema": "CANARY"}},
    }
    sent = OURS.slim({"model_parameters": parameters})
    expected = {
        "tools": True,
        "response_format": {"type": "json_schema"},
        "text": {"format": {"type": "json_schema"}},
    }
    assert sent == {"model_parameters": expected}


@given(JSON)
def test_any_payload_whatever_becomes_one_line_of_json(payload: object) -> None:
    slim = slimmed(payload)
    assert b"\n" not in slim
    assert isinstance(msgspec.json.decode(slim), dict)


def test_a_text_of_any_length_is_cut() -> None:
    assert len(slimmed({"id": "x" * 10**6, "model": "y" * 10**6})) < 9_000


def test_the_file_stands_alone() -> None:
    names = {
        alias.name.partition(".")[0]
        if isinstance(node, ast.Import)
        else str(getattr(node, "module", "")).partition(".")[0]
        for node in ast.walk(ast.parse(callback.PATH.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names - set(sys.stdlib_module_names) == {"litellm"}


def test_without_litellm_the_file_can_be_read_and_starts_nothing(ours: ModuleType) -> None:
    assert ours.CustomLogger is object
    assert "handler" not in vars(ours)
    with pytest.raises(AttributeError):
        _ = ours.other


def test_a_litellm_without_its_base_class_is_an_error_rather_than_a_callback_that_is_never_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = ModuleType("litellm")
    changed.__path__ = []
    monkeypatch.setitem(sys.modules, "litellm", changed)
    with pytest.raises(ModuleNotFoundError, match=r"litellm\.integrations"):
        callback.load()
