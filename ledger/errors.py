"""The error tree.

Every message is one line that names the thing and the remedy. No message carries a secret or prompt
text.
"""


class SwitchwiseError(Exception):
    """Anything we refuse on purpose.

    The command line prints it as one line and exits with `exit_code`.
    """

    exit_code = 1


class UsageError(SwitchwiseError):
    """The caller asked for something impossible: a wrong setting, argument, month or file."""

    exit_code = 2


class ParameterError(UsageError):
    """A parameter whose text cannot be taken: `escalation_rate 2: write a fraction from 0 to 1`.

    The API names the parameter as it is; the command line names the option that was typed.
    """

    def __init__(self, parameter: str, text: str, remedy: str) -> None:
        super().__init__(f"{parameter} {text}: {remedy}")
        self.parameter = parameter
        self.text = text
        self.remedy = remedy


class NotFound(SwitchwiseError):
    """A name or id that does not exist."""


class NotAllowed(SwitchwiseError):
    """A valid request that the ledger forbids now: of a closed month, or one not fit to close."""


class PriceUnknown(SwitchwiseError):
    """A model, tier or meter has no price. Totals show its tokens as unpriced, never as 0."""


class StoreUnavailable(SwitchwiseError):
    """The database could not commit. Nothing was acknowledged; the sender may try again."""


class DatabaseUnavailable(StoreUnavailable):
    """StoreUnavailable in the database's own words.

    They name hosts and users: they are for logs and terminals, never for an HTTP answer.
    """


class Unauthorised(SwitchwiseError):
    """No key, or one that is malformed, unknown, revoked or expired (401)."""


class Forbidden(SwitchwiseError):
    """A good key without the scope that the route asks for (403)."""
