"""The grammar of settings that hold a list: `a=b, c=d`, `a:b, c:d` or `a, b`. Pure.

Parts stand between commas. A name that holds a comma or another separator of its list stands in
double quotes.
"""

import re
from dataclasses import dataclass

from ledger.errors import UsageError

_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A comma outside double quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How one list is written: what a part is called, its pattern, and the form that errors show.

    `variable` is the setting's variable; None where the text is an option of a command.
    """

    noun: str
    form: str
    part: re.Pattern[str]
    variable: str | None = None

    def match_all(self, text: str) -> list[re.Match[str]]:
        """The parts of a list; a blank text has none. Raises UsageError with the first bad part."""
        if not text.strip():
            return []
        self._check_quotes(text)
        return [self.match(part) for part in _COMMA.split(text)]

    def match(self, part: str) -> re.Match[str]:
        """One part of a list. Raises UsageError where it does not have the form."""
        self._check_quotes(part)
        match = self.part.fullmatch(part.strip())
        if match is None:
            raise self.refusal(f"{part.strip()!r} is not {self.noun}; write {self.form}")
        return match

    def refusal(self, fault: str) -> UsageError:
        """The error of a fault, which begins with the variable's name if there is one."""
        return UsageError(f"{self.variable}: {fault}" if self.variable else fault)

    def _check_quotes(self, text: str) -> None:
        if text.count('"') % 2:
            raise self.refusal(
                f"{text.strip()!r} has a double quote that is not closed; write {self.form}"
            )


def name_pattern(plain: str) -> str:
    """The pattern of a name: anything in double quotes, or a plain name that needs none."""
    return rf'(?:"[^"]+"|{plain})'


def unquote(name: str) -> str:
    """A name without its double quotes."""
    return name.strip('"')
