"""The lines of a file on which given records begin, so that a person can look at them. Pure."""

from collections.abc import Collection, Iterable, Iterator

from collector import detection
from collector.framing import Framing
from collector.parsing.format import Format, LineFormat


def find_lines(chunks: Iterable[bytes], format: Format, indexes: Collection[int]) -> dict[int, int]:
    """The line, from 1 on, of each record whose index is among these, as far as they are found.

    It reads no further than the last of them.
    """
    lines: dict[int, int] = {}
    if not indexes:
        return lines
    last = max(indexes)
    for index, line in enumerate(_record_lines(chunks, format)):
        if index in indexes:
            lines[index] = line
        if index == last:
            break
    return lines


def _record_lines(chunks: Iterable[bytes], format: Format) -> Iterator[int]:
    """The line of each record in turn."""
    if isinstance(format, LineFormat):
        yield from _text_lines(chunks, format)
        return
    framing, unread, line = Framing(), b"", 1
    for chunk in chunks:
        unread += chunk
        end = 0
        for element in framing.feed(chunk):
            start = max(unread.find(element, end), end)
            line += unread.count(b"\n", end, start)
            yield line
            line += element.count(b"\n")
            end = start + len(element)
        unread = unread[end:]


def _text_lines(chunks: Iterable[bytes], format: LineFormat) -> Iterator[int]:
    unread, line = b"", 0
    for chunk in chunks:
        *texts, unread = (unread + chunk).split(b"\n")
        for text in texts:
            line += 1
            if text.rstrip(b"\r") and not (line == 1 and detection.is_header(format, text)):
                yield line
    if unread.rstrip(b"\r"):
        yield line + 1
