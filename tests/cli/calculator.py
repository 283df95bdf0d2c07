"""Reads the printed explanation of a month like a person with a pocket calculator: works out every line and sum again."""

import re
from dataclasses import dataclass, field
from fractions import Fraction

METER = re.compile(r" {4}([a-z ]+?) +([\d,]+)  x  (no rate|[\d.]+)(?: +=(.+))?")
EQUALS = re.compile(
    r"(?P<name>.+?)(?:, -?[\d,.]+(?: M| bn)? requests?.*?)? += +(?P<amount>-?[\d,]+\.\d+|unknown|no amount)"
)
UNPRICED = re.compile(r" {4}([\d,.]+(?: M| bn)?) tokens? unpriced, in no amount: .+")


@dataclass
class Calculation:
    """What was worked out: the month's sum, each adjustment, and how many lines and sums were confirmed on the way."""

    month: Fraction = Fraction(0)
    adjustments: dict[int, Fraction] = field(default_factory=dict)
    adjusted: Fraction | None = None
    meters: int = 0
    sums: int = 0
    unpriced_rows: int = 0


@dataclass
class _Running:
    row: Fraction = Fraction(0)
    line: Fraction = Fraction(0)
    less: Fraction = Fraction(0)
    section: Fraction = Fraction(0)

    def end_row(self) -> None:
        self.line, self.row = self.line + self.row, Fraction(0)

    def end_line(self) -> None:
        self.end_row()
        self.section, self.line, self.less = (
            self.section + self.line - self.less,
            Fraction(0),
            Fraction(0),
        )


def work_out(text: str) -> Calculation:
    """Work a printed explanation out again; an assertion fails where a printed amount is not what it is said to be."""
    found, running = Calculation(), _Running()
    lines = text.replace(" unpriced\n   ", " unpriced").splitlines()
    assert all(len(line) <= 80 for line in text.splitlines()), "a line is wider than 80 columns"
    end = max(index for index, line in enumerate(lines) if not line)
    for line in lines[:end]:
        _follow(line, found, running)
    running.end_line()
    if found.adjustments == {}:
        found.month = running.section
    _conclude(lines[end + 1 :], found)
    return found


def _follow(line: str, found: Calculation, running: _Running) -> None:
    if meter := METER.fullmatch(line):
        found.meters += 1
        if meter[3] != "no rate":
            running.row += _times(meter[2], meter[3], meter[4])
    elif re.match(r"  \d{4}-\d\d-\d\d", line):
        running.end_row()
    elif UNPRICED.match(line):
        found.unpriced_rows += 1
    elif re.match(r"Adjustment \d+", line):
        running.end_line()
        if not found.adjustments:
            found.month = running.section
        running.section = Fraction(0)
        found.adjustments[int(line.split()[1].rstrip(","))] = Fraction(0)
    elif sum_ := EQUALS.fullmatch(line):
        _confirm(sum_["name"], sum_["amount"], found, running)
    elif line and not line.startswith(" "):
        running.end_line()


def _times(tokens: str, rate: str, amount: str) -> Fraction:
    product = _number(tokens) * Fraction(rate) / 10**6
    assert product == _number(amount), f"{tokens} x {rate} is not {amount}"
    return product


def _confirm(name: str, amount: str, found: Calculation, running: _Running) -> None:
    found.sums += 1
    if name.strip() == "together":
        wanted = running.row
    elif name.strip() == "this line":
        running.end_row()
        wanted = running.line
    elif name.startswith("  less "):
        running.end_row()
        if amount != "no amount":
            running.less += _number(amount)
        return
    elif name.strip() == "difference":
        running.end_row()
        wanted = running.line - running.less
    else:
        running.end_line()
        number = int(name.split()[1])
        wanted = found.adjustments[number] = running.section
    assert amount == "unknown" or _number(amount) == wanted, f"{name} is {wanted}, not {amount}"


def _conclude(lines: list[str], found: Calculation) -> None:
    """The last block: the month, each adjustment, and all of it together."""
    shown = [
        (match["name"], match["amount"]) for line in lines if (match := EQUALS.fullmatch(line))
    ]
    assert len(shown) == len(lines)
    for name, amount in shown:
        if name.startswith("adjustment"):
            wanted = found.adjustments[int(name.split()[1])]
        elif name.endswith(" adjusted"):
            wanted = found.adjusted = found.month + sum(found.adjustments.values())
        else:
            wanted = found.month
        assert amount == "unknown" or _number(amount) == wanted, f"{name} is {wanted}, not {amount}"


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", "").strip())
