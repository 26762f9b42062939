"""What can go wrong, said so that a person can mend it."""

from __future__ import annotations


class FinopsError(Exception):
    """A problem the user can mend: what arrived, what is allowed, what to do.

    `hint` is the next step, on a line of its own; `exit_code` is what the command line ends with.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n{self.hint}"


class UsageError(FinopsError):
    """Wrong usage or parameters: nothing ran."""

    exit_code = 2


class ContractError(FinopsError):
    """The data breaks the contract: nothing was computed from it."""

    exit_code = 3
