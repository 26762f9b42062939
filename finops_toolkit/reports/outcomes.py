"""The outcomes a run can have: their names, their words for people, and which of them are good."""

from __future__ import annotations

# Name in run.json → what the index page says of the report.
WORDS = {
    "done": "made",
    "unchanged": "up to date",
    "failed": "failed",
    "timed out": "took too long",
    "out of memory": "ran out of memory",
    "kernel died": "broke off",
    "interrupted": "interrupted",
    "not started": "not started",
}
GOOD = ("done", "unchanged")
# What its page says of a report that was not made.
MEANINGS = {
    "failed": "Its notebook, or a file made from it, ended with an error.",
    "timed out": "It took longer than a report may take, and was ended.",
    "out of memory": "It needed more memory than a report may have, and was ended.",
    "kernel died": "The process that ran its notebook ended before the notebook did.",
    "interrupted": "The batch was stopped while this report was being made.",
    "not started": "The batch was stopped before this report was begun.",
}


def good(status: str) -> bool:
    """Whether the report is there and up to date."""
    return status in GOOD


def in_words(status: str) -> str:
    """What people read for an outcome; a name that is none stays as it is."""
    return WORDS.get(status, status)
