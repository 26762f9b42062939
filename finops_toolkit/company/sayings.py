"""What people write: texts of decisions and of remarks on figures, read from sayings.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Routine:
    """A decision that could be taken in any month; `plant` means that only a plant takes it."""

    about: str
    text: str
    owner: str
    plant: bool = False


@dataclass(frozen=True)
class Story:
    """A decision that belongs to a planted truth; dates as 2025-09-04, None when it has not come to that."""

    truth: str
    unit: str
    about: str
    owner: str
    text: str
    raised: str
    value: int  # EUR a year
    decided: str | None = None
    due: str | None = None
    closed: str | None = None


@dataclass(frozen=True)
class Remark:
    """What the owner of a figure says when its effect on the result is bad or good."""

    about: str
    owner: str
    bad: str
    good: str


@dataclass(frozen=True)
class Cause:
    """What the owner says instead while a planted truth is at work."""

    truth: str
    about: str
    text: str
    unit: str | None = None
    when_good: bool = False


@dataclass(frozen=True)
class Sayings:
    """All texts."""

    routine: tuple[Routine, ...]
    stories: tuple[Story, ...]
    remarks: tuple[Remark, ...]
    causes: tuple[Cause, ...]


@cache
def sayings() -> Sayings:
    """The texts of the file beside this module."""
    data = tomllib.loads(files(__package__).joinpath("sayings.toml").read_text(encoding="utf-8"))
    return Sayings(
        tuple(Routine(**row) for row in data["routine"]),
        tuple(Story(**row) for row in data["stories"]),
        tuple(Remark(**row) for row in data["remarks"]),
        tuple(Cause(**row) for row in data["causes"]),
    )
