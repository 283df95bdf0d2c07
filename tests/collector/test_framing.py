"""A body is cut where its elements end, whatever the chunks; a broken one costs no other."""

import itertools
import json
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector import framing
from collector.framing import Break, Framing
from tests.collector.formats import captures

Cut = tuple[list[bytes], Break | None]


def cut(*chunks: bytes, limit: int = framing.MAX_ELEMENT_BYTES) -> Cut:
    """The elements and the break of a body given in chunks."""
    reader = Framing(limit)
    return [element for chunk in chunks for element in reader.feed(chunk)], reader.finish()


def split(body: bytes, places: Iterable[int]) -> list[bytes]:
    """A body cut into chunks at some places."""
    bounds = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(bounds)]


@pytest.mark.parametrize(
    ("body", "elements"),
    [
        (b"[]", []),
        (b" [ ] \n", []),
        (b'[{"a":1}]', [b'{"a":1}']),
        (
            b'\xef\xbb\xbf\r\n\t [1 , null,"a,]\\"",[[]] ,{"a":"}"}\n]\n',
            [b"1", b"null", b'"a,]\\""', b"[[]]", b'{"a":"}"}'],
        ),
        (b'{"a":1}', [b'{"a":1}']),
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}{"b":2} {"c":3}', [b'{"a":1}', b'{"b":2}', b'{"c":3}']),
        (b'{\n "a": [\n{\n}\n,\n{}\n]\n}\r\n\r\n{}', [b'{\n "a": [\n{\n}\n,\n{}\n]\n}', b"{}"]),
        (b'{\n"b":\n\n{"c":\n{}}}', [b'{\n"b":\n\n{"c":\n{}}}']),
        (b'{"a":"\\\\"}\n{"b":"\\"}"}', [b'{"a":"\\\\"}', b'{"b":"\\"}"}']),
        (b'{}\nnull\n 7 {}\n"a" \n', [b"{}", b"null", b"7", b"{}", b'"a"']),
    ],
)
def test_elements_come_out_as_they_stand(body: bytes, elements: list[bytes]) -> None:
    assert cut(body) == (elements, None)


@pytest.mark.parametrize(
    ("body", "elements", "index", "reason"),
    [
        (b"", [], 0, "empty"),
        (b"\xef\xbb", [], 0, "empty"),
        (b" \n", [], 0, "empty"),
        (b"x", [], 0, "neither"),
        (b'"a"', [], 0, "neither"),
        (b" \xef\xbb\xbf[]", [], 0, "neither"),
        (b"[", [], 0, "cut off"),
        (b"[{}", [b"{}"], 1, "cut off"),
        (b"[{},", [b"{}"], 1, "cut off"),
        (b"[{},1", [b"{}"], 1, "cut off"),
        (b'[{},{"a":"', [b"{}"], 1, "cut off"),
        (b'[{},"a\\', [b"{}"], 1, "cut off"),
        (b"[{},]", [b"{}"], 1, "missing"),
        (b"[,{}]", [], 0, "missing"),
        (b"[}]", [], 0, "missing"),
        (b"[{} {}]", [b"{}"], 1, "comma"),
        (b"[1{}]", [b"1"], 1, "comma"),
        (b'["a"1]', [b'"a"'], 1, "comma"),
        (b"[{},[}]", [b"{}"], 1, "not valid"),
        (b'[{},{"a":"\n"}]', [b"{}"], 1, "not valid"),
        (b"[{}] {}", [b"{}"], 1, "follows"),
        (b"[]]", [], 0, "follows"),
        (b'{}\n{"a":', [b"{}"], 1, "cut off"),
        (b"{}\nnul", [b"{}"], 1, "cut off"),
        (b'{}{"a":"x', [b"{}"], 1, "cut off"),
    ],
)
def test_a_break_is_named_and_what_was_whole_before_it_is_kept(
    body: bytes, elements: list[bytes], index: int, reason: str
) -> None:
    cut_elements, broken = cut(body)
    assert cut_elements == elements
    assert broken is not None
    assert broken.index == index
    assert reason in broken.reason


@pytest.mark.parametrize(
    "torn",
    [
        b'{"a":"to',
        b'{"a":"to\\',
        b'{"a":{"b":1',
        b'{"a":[1',
        b'{"a":1]',
        b'{"a":[}',
        b"rubbish",
        b"]",
        b'"',
        b'{"a":[{}}} x',
    ],
)
def test_a_torn_line_costs_itself_alone(torn: bytes) -> None:
    body = b'{"first":1}\n' + torn + b'\n{"next":{"x":"y"}}\r\n{"last":2}\n'
    cut_elements, broken = cut(body)
    assert broken is None
    assert cut(*split(body, range(len(body)))) == (cut_elements, None)
    assert [cut_elements[0], *cut_elements[2:]] == [
        b'{"first":1}',
        b'{"next":{"x":"y"}}',
        b'{"last":2}',
    ]
    with pytest.raises(ValueError, match=r"."):
        json.loads(cut_elements[1])


def test_a_torn_last_line_is_a_break_or_a_broken_element() -> None:
    assert cut(b'{"first":1}\n{"a":[}') == ([b'{"first":1}', b'{"a":[}'], None)
    assert cut(b'{"first":1}\n{"a":"b\n')[0] == [b'{"first":1}', b'{"a":"b']


def test_an_element_over_the_limit_is_a_break() -> None:
    assert cut(b'{"a":1}{"a":12}', limit=7)[0] == [b'{"a":1}']
    for body in (
        b'{"a":12}',
        b'[{"a":12}]',
        b'["123456"]',
        b"[12345678]",
        b'{"a":"12345678',
        b"[[[[[[[[[[",
    ):
        cut_elements, broken = cut(body, limit=7)
        assert cut_elements == []
        assert broken == Break(0, "the element is larger than 7 bytes; log it without its messages")


def test_nothing_comes_after_a_break() -> None:
    reader = Framing()
    assert reader.feed(b"[{},}") == [b"{}"]
    assert reader.feed(b"[{}]") == []


@pytest.mark.parametrize("form", ["array", "lines"])
def test_captured_bodies_are_cut_as_a_whole_reading_would(form: str) -> None:
    for name in ("litellm-generic-json_array.jsonl", "litellm-generic-batch-and-anthropic.jsonl"):
        for body in captures.bodies(name):
            events = json.loads(body)
            if form == "lines":
                body = b"\n".join(json.dumps(event).encode() for event in events)
            elements, broken = cut(*split(body, range(0, len(body), 1000)))
            assert broken is None
            assert [json.loads(element) for element in elements] == events


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)
INDENTS = st.sampled_from([None, 0, 1])
PLACES = st.lists(st.integers(0, 10_000), max_size=30)
# Every byte that means something to the reader, and little else.
TOKENS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b"\\",
    b",",
    b":",
    b"\n",
    b"\n{",
    b" ",
    b"1",
    b"ab",
    b'"a"',
    b"\xef\xbb\xbf",
]
SOUP = st.lists(st.sampled_from(TOKENS), max_size=60).map(b"".join)


@given(st.lists(VALUES, max_size=5), INDENTS, st.booleans(), PLACES)
def test_any_array_is_cut_into_its_values(
    values: list[object], indent: int | None, ascii_: bool, places: list[int]
) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=ascii_).encode()
    elements, broken = cut(*split(body, places))
    assert broken is None
    assert [json.loads(element) for element in elements] == values


@given(
    st.lists(OBJECTS, min_size=1, max_size=5),
    INDENTS,
    st.sampled_from(["", " ", "\n", "\r\n", "\n\n\t"]),
    PLACES,
)
def test_any_stream_of_objects_is_cut_into_them(
    objects: list[object], indent: int | None, gap: str, places: list[int]
) -> None:
    body = gap.join(json.dumps(value, indent=indent) for value in objects).encode()
    elements, broken = cut(*split(body, places))
    assert broken is None
    assert [json.loads(element) for element in elements] == objects


@given(
    st.sampled_from([b"", b"[", b"{", b'[{"a":"']),
    SOUP | st.binary(),
    PLACES,
    st.sampled_from([8, 10_000]),
)
@example(b"", b"{]{", [2], 10_000)
@example(b"[", b"{[[[}", [5], 3)
@example(b"{", b"]\n{}", [3], 10_000)
@example(b"", b" \xef\xbb\xbf[]", [1], 10_000)
def test_chunks_never_matter(start: bytes, ending: bytes, places: list[int], limit: int) -> None:
    body = start + ending
    uncut = cut(body, limit=limit)
    assert cut(*split(body, places), limit=limit) == uncut
    assert cut(*(body[at : at + 1] for at in range(len(body))), limit=limit) == uncut


@given(st.lists(OBJECTS, min_size=2, max_size=6), st.data())
def test_lines_after_a_broken_one_are_read(objects: list[object], data: st.DataObject) -> None:
    lines = [json.dumps(value).encode() for value in objects]
    torn = data.draw(st.integers(0, len(lines) - 2))
    lines[torn] = lines[torn][: data.draw(st.integers(1, max(1, len(lines[torn]) - 1)))]
    elements, broken = cut(b"\n".join(lines))
    # A line torn right where a value was due takes the next one for that value.
    swallows = lines[torn].rstrip()[-1:] in (b":", b",", b"[")
    assert elements[:torn] == lines[:torn]
    after = lines[torn + 1 + swallows :]
    assert elements[len(elements) - len(after) :] == after
    assert broken is None or not after


HOSTILE = [
    (b'[{"a":"' + b"x" * 2_000_000 + b'"}]', 1),
    (b'[{"a":"' + b'\\"' * 1_000_000 + b'"}]', 1),
    (b"[" + b"[" * 500_000 + b"]" * 500_000 + b"]", 1),
    (b'{"a":[' + b"\n{}," * 100_000 + b"1]}", 1),
    (b'{"a":' + b" " * 2_000_000 + b"\n{}}", 1),
    (b'{"a":"' + b"\n" * 2_000_000, 1),
    (b'{"a":[' + b'"a",' * 500_000 + b"1]}", 1),
    (b'{"a":\n' * 200_000, 0),
]


@pytest.mark.parametrize(("body", "elements"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_body_in_small_chunks_is_read_in_linear_time(body: bytes, elements: int) -> None:
    # Reading an element again at each chunk would take hours.
    assert len(cut(*(body[at : at + 64] for at in range(0, len(body), 64)))[0]) == elements
