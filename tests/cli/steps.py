"""Reads the printed arithmetic of a recommendation like a person with a pocket calculator: works every step out again."""

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

NINE = Fraction(1, 2 * 10**9)
"""Half of the ninth decimal: what a division may be rounded by."""
_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_STEP = re.compile(r"  (?P<name>[a-z].*?) {2,}(?P<how>\S.*) = (?P<result>-?[\d,.]+)")
_NUMBERS = re.compile(r" {6}(?P<how>\S.*) = (?P<result>-?[\d,.]+)")


@dataclass
class Steps:
    """The results by block title and step name, and how many steps were worked out again."""

    results: dict[str, dict[str, Fraction]] = field(default_factory=dict)
    confirmed: int = 0

    def of(self, title: str, name: str) -> Fraction:
        """The result of a step of the block whose title begins so."""
        (block,) = (steps for held, steps in self.results.items() if held.startswith(title))
        return block[name]


def work_out(text: str) -> Steps:
    """Work the printed steps out again; an assertion fails where a result is not what its numbers give."""
    found, title, name, terms = Steps(), "", "", Fraction(0)
    for line in text[text.index("Each step exact") :].splitlines()[1:]:
        if line and not line.startswith(" "):
            title, terms = line, Fraction(0)
            found.results[title] = {}
        elif step := _STEP.fullmatch(line) or _NUMBERS.fullmatch(line):
            name = step.groupdict().get("name") or name
            result = _number(step["result"])
            if step["how"] == "the sum of these lines":
                assert result == terms, f"{title}: {name} is {terms}, not {result}"
                terms = Fraction(0)
            else:
                terms += _confirm(
                    f"{title}: {name}", step["how"], result, "the larger part" in title
                )
            found.results[title][name] = result
            found.confirmed += 1
        elif line:
            name = line.strip()
    return found


def _confirm(name: str, how: str, result: Fraction, may_take_the_rest: bool) -> Fraction:
    sum_ = how.replace(",", "").replace(" x ", " * ")
    value = _value(ast.parse(sum_, mode="eval").body, sum_)
    rounded = "/" in how.replace("/ 1,000,000", "")
    slack = 2 * NINE if may_take_the_rest else NINE if rounded else Fraction(0)
    assert abs(value - result) <= slack, f"{name}: {how} is {value}, not {result}"
    return value


def _value(node: ast.expr, source: str) -> Fraction:
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, source), _value(node.right, source))
    if isinstance(node, ast.UnaryOp):
        assert isinstance(node.op, ast.USub)
        return -_value(node.operand, source)
    # The text of the number: as a float it would lose its last digits.
    return Fraction(ast.get_source_segment(source, node) or "")


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))
