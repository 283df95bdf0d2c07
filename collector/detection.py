"""The format of a log file, from its first bytes; or why it is none that we read. Pure."""

from collections.abc import Collection

import msgspec

from collector import formats
from collector.framing import Framing
from collector.parsing import fields
from collector.parsing.format import Format, LineFormat
from collector.parsing.naming import Naming
from collector.parsing.reading import Rejected
from ledger import prose
from ledger.errors import UsageError

_BOM = b"\xef\xbb\xbf"
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def detect(name: str, head: bytes) -> Format:
    """The format of a file, from its first bytes. Raises UsageError where they do not tell."""
    if not head.strip():
        raise UsageError(f"{name} is empty; name a file with records")
    for line_format in formats.LINE_FORMATS:
        if is_header(line_format, head.split(b"\n", 1)[0]):
            return line_format
    # Our own format is the last guess: a record of another sender may well have its fields too.
    for element in Framing().feed(head):
        keys = _keys_of(element)
        for json_format in reversed(formats.JSON_FORMATS):
            if json_format.detect(keys):
                return json_format
    raise UsageError(f"{name}, line {_first_line(head)}: {_describe_fault(head)}")


def is_header(line_format: LineFormat, line: bytes) -> bool:
    """Whether a line is the header of the format."""
    return line.removeprefix(_BOM).strip() == line_format.header.encode()


def first_record_line(format: Format, head: bytes) -> int:
    """The number of the line on which the first record of a file begins, counted from 1."""
    if isinstance(format, LineFormat) and is_header(format, head.split(b"\n", 1)[0]):
        _header, newline, records = head.partition(b"\n")
        return _first_line(records) + len(newline)
    return _first_line(head)


def _first_line(head: bytes) -> int:
    """The number of the first line that is more than space and an opening bracket."""
    head = head.removeprefix(_BOM)
    start = len(head) - len(head.lstrip(b" \t\r\n["))
    return head.count(b"\n", 0, start) + 1


def _describe_fault(head: bytes) -> str:
    """What is wrong with the first record for the format that is nearest, and what we read."""
    expected = f"expected {formats.list_titles()}"
    if not head.removeprefix(_BOM).lstrip().startswith((b"{", b"[")):
        headers = prose.one_of(line_format.header for line_format in formats.LINE_FORMATS)
        return f"neither JSON nor the header {headers}; {expected}"
    framing = Framing()
    elements = framing.feed(head)
    if not elements:
        end = framing.finish()
        problem = end.reason.partition(";")[0] if end else "an empty list"
        return f"{problem}; {expected}"
    record = fields.decode(_MEMBERS, elements[0])
    if isinstance(record, Rejected):
        return f"{record.reason.partition(';')[0]}; {expected}"
    return f"{_describe_record(elements[0], record)}; {expected}"


def _describe_record(element: bytes, keys: Collection[str]) -> str:
    nearest = max(formats.JSON_FORMATS, key=lambda format: len(format.field_names & set(keys)))
    if not nearest.field_names & set(keys):
        return "a record without any field that we know"
    reading = nearest.parse(element, Naming())
    if isinstance(reading, Rejected):
        return reading.reason.partition(";")[0]
    return "no field tells which format this is"


def _keys_of(element: bytes) -> Collection[str]:
    members = fields.decode(_MEMBERS, element)
    return () if isinstance(members, Rejected) else members.keys()
