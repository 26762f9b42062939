"""Secrets in what people get to see of a failure: passwords, tokens and keys become •••."""

from __future__ import annotations

import base64
import copy
import html
import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

MARK = "•••"
_SHORTEST = 6  # characters of an environment value that is taken for a secret: "true" and "1" are none
_LINE = 16  # characters of one line of such a value that are one by themselves
_T = TypeVar("_T")

# Every repetition is bounded, or what it has gone over becomes part of a match: the time is linear.
_NAMES = (
    r"passw(?:or)?[dt]s?|passphrase|kennwort|secrets?|token|credentials?|(?<![a-z])(?:pwd(?!=/)|dsn)"
    r"|(?:api|access|secret|private|signing|encryption|shared)[_\- ]?key|(?<=account)key|[?&]sig(?:nature)?"
)
_SAID = re.compile(
    rf"((?:{_NAMES}|x-amz-signature)\d{{0,3}}\\{{0,2}}[\"']?\s{{0,3}}(?:=>|:?={{1,2}}|:)\s{{0,3}})"
    r"(?!(?:none|true|false|null)\b)"
    r"(?:(\\{0,2}[\"'])(?:(?!\2).)+(?:\2|$)|[^\s\"';&<>]*[^\s\"';&<>,)\]}.:•])",
    re.IGNORECASE | re.MULTILINE,
)
_PATTERNS = (
    # what must be in the text (lower case) for the pattern to be tried, the pattern, what it becomes
    (
        ("private key-----",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----)){0,20000}"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?"
        ),
        MARK,
    ),
    (
        ("://",),
        # A number and a slash are a port; a password may hold any @ but the last one before a host.
        re.compile(
            r"(?<=://)(?:[^\s/@:\"'<>]{0,128}:(?!\d{1,5}(?:[/?#]|$))[^\s\"'<>]{1,128}?|[^\s/@:\"'<>]{16,256})"
            r"@(?=(?:\[[\da-fA-F:.]{2,45}\]|[\w.\-]{1,253})(?::\d{1,5})?(?:[/?#\s\"'),;\]\\]|$))"
        ),
        f"{MARK}@",
    ),
    (
        ("bearer", "basic", "authorization"),
        re.compile(
            r"\b((?:bearer|basic)\s{1,3})(?=[^\s\d]{0,200}[\d=])[\w\-.~+/]{12,}={0,2}"
            r"|(authorization\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?(?:bearer|basic|token|negotiate)\s{1,3})"
            r"[^\s\"'•]{1,2000}",
            re.IGNORECASE,
        ),
        rf"\1\2{MARK}",
    ),
    (
        ("akia", "asia", "aida", "aroa"),
        re.compile(r"(?<![A-Za-z0-9+/])(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}(?![A-Za-z0-9+/])"),
        MARK,
    ),
    (
        ("gh", "glpat-", "xox", "aiza", "sk-", "sk_", "pypi-", "eyj"),
        re.compile(
            r"(?<![\w\-+/])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w\-]{20,255}"
            r"|xox[abeoprs]-[A-Za-z0-9\-]{10,255}|AIza[\w\-]{35}|sk[_\-](?=[A-Za-z_\-]{0,60}\d)[\w\-]{20,255}"
            r"|pypi-[\w\-]{16,512}|eyJ[\w\-]{8,4000}\.eyJ[\w\-]{8,8000}\.[\w\-]{0,2000})"
        ),
        MARK,
    ),
)
_CALLED = re.compile(rf"(?:.*[_\-. ])?(?:(?:{_NAMES})\d*|authorization)", re.IGNORECASE)
_IN_WORD = re.compile(r"passw|passphrase|secret|token|credential|apikey", re.IGNORECASE)
_WORDS = {"KEY", "DSN", "AUTH", "PWD", "PASS"}
_HINTS = ("pass", "kennwort", "secret", "token", "credential", "pwd", "dsn", "key", "sig")


def redacted(value: _T) -> _T:
    """A text without secrets, ••• in their place; of a mapping or a list the same with all texts so.

    Secrets are user and password of URLs, what is said to be a password, token or key, AWS and other keys
    that show what they are, private keys, and the values of environment variables that are named so. In a
    mapping the value of a key that is named so is one. Pictures stay. Never raises: what cannot be looked
    through is replaced as a whole.
    """
    try:
        named = tuple(item for item in os.environ.items() if _speaks_of_secrets(item[0]))
        return _redacted(value, _environment(named))
    except (RecursionError, MemoryError):
        return MARK  # type: ignore[return-value]


def _redacted(value: Any, known: re.Pattern[str] | None, secret: bool = False) -> Any:
    if isinstance(value, str):
        return MARK if secret and value else _redacted_text(value, known)
    if isinstance(value, bytes):
        text = value.decode("utf-8", "surrogateescape")
        return _redacted_text(text, known).encode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        new = copy.copy(value)  # a notebook stays one
        for name, inner in value.items():
            if not _is_picture(name, inner):
                new[name] = _redacted(inner, known, secret or _is_secret(name))
        return new
    if isinstance(value, Mapping):
        return _redacted(dict(value), known, secret)
    if isinstance(value, list | tuple):
        return type(value)([_redacted(inner, known, secret) for inner in value])
    return MARK if secret and isinstance(value, int | float) and not isinstance(value, bool) else value


def _is_secret(name: Any) -> bool:
    return isinstance(name, str) and len(name) < 200 and _CALLED.fullmatch(name) is not None


def _is_picture(name: Any, value: Any) -> bool:
    """Base64 is not text: what looks like a secret in it is none."""
    picture = isinstance(name, str) and name.startswith(("image/", "application/pdf"))
    return picture and not name.endswith("xml") and isinstance(value, str | list)


def _redacted_text(text: str, known: re.Pattern[str] | None) -> str:
    if known is not None:
        text = known.sub(MARK, text)
    low = text.lower()
    for needed, pattern, mark in _PATTERNS:
        if any(word in low for word in needed):
            text = pattern.sub(mark, text)
    if any(word in low for word in _HINTS):
        text = _SAID.sub(lambda found: f"{found[1]}{found[2] or ''}{MARK}{found[2] or ''}", text)
    return text


def _speaks_of_secrets(name: str) -> bool:
    """DB_PASSWORD, GITHUB_TOKEN and AWS_SECRET_ACCESS_KEY do; PWD, KEYBOARD and GIT_AUTHOR_NAME do not."""
    words = name.upper().split("_")
    return _IN_WORD.search(name) is not None or (len(words) > 1 and not _WORDS.isdisjoint(words))


@lru_cache(maxsize=8)
def _environment(items: tuple[tuple[str, str], ...]) -> re.Pattern[str] | None:
    """What finds the values of these variables, also as they stand in URLs, in code, in JSON and on pages."""
    known = set()
    for _, value in items:
        lines = [line.strip() for line in value.split("\n")]
        for line in {value.strip(), *(line for line in lines if len(line) >= _LINE)}:
            # The path of a file that holds a secret is none, and a cause without its path says nothing.
            if len(line) < _SHORTEST or (os.path.isabs(line) and os.path.exists(line)):
                continue
            coded = base64.b64encode(line.encode("utf-8", "replace")).decode()
            forms = {line, quote(line, safe="", errors="replace"), repr(line)[1:-1], json.dumps(line)[1:-1]}
            forms |= {html.escape(line), coded}
            # A password that is a plain word or number is one only where it stands alone.
            known |= {
                rf"(?<!\w){form}(?!\w)" if form.isalnum() and _plain(form) else re.escape(form)
                for form in forms
            }
    return re.compile("|".join(sorted(known, key=len, reverse=True))) if known else None


def _plain(text: str) -> bool:
    return text.isalpha() or text.isdigit()
