"""Secrets do not reach pages, notebooks or the journal, and nothing else is touched."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finops_toolkit.reports.secrets import MARK, redacted

ROOT = Path(__file__).resolve().parent.parent
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow{0}\nIBAAKC{0}\n-----END RSA PRIVATE KEY-----".format(
    "Ab3/" * 15
)
HIDDEN = {  # a text -> what of it nobody may see
    "postgresql://anna:hunter2@db.local:5432/erp": "hunter2",
    "cannot connect to mysql+pymysql://erp:p@ss/w:rd@10.0.0.7/books?x=1": "p@ss/w:rd",
    "https://user:s3cret@[::1]:8080/": "s3cret",
    "git clone https://abcdef0123456789abcd@example.com/x.git": "abcdef0123456789abcd",
    "password=hunter2": "hunter2",
    "Server=tcp:x;Uid=sa;Pwd=Tr0ub4dor&3;": "Tr0ub4dor",
    "connect(host='h', password='it is \"mine\"')": "mine",
    '{"api_key": "0123abcd", "n": 1}': "0123abcd",
    '"{\\"client_secret\\": \\"zzz9\\"}"': "zzz9",
    "db_password : hunter2": "hunter2",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": "wJalr",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9vYmFyYmF6cXV4==;": "Zm9vYmFy",
    "https://x.blob.core.windows.net/c?sv=2022&sig=abc%2Fdef%3D&se=1": "abc%2F",
    "https://b.s3.amazonaws.com/k?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027": "fe5f80",
    f"boto3 key {AWS} is not allowed": AWS,
    "Authorization: Bearer abc.def-123456789": "abc.def-123",
    "{'Authorization': 'Basic YW5uYTpodW50ZXIy'}": "YW5uYTpo",
    f"token {JWT}.": "dozjgNryP4J3",
    "ghp_" + "a1B2" * 9: "a1B2a1B2",
    "xoxb-123456789012-abcdefghijkl": "123456789012",
    f"key:\n{KEY}\nend": "MIIEow",
    json.dumps({"private_key": KEY}): "IBAAKC",
    KEY.split("-----END")[0]: "IBAAKC",
    'password = "unfinished hunter2': "hunter2",
    "password=" + "x1" * 5000: "x1x1",
}
PLAIN = [  # what must stay as it is
    "KEY-ACCOUNT and key accounts: 14 of them, EUR 1,234,567.89",
    "Margin 12.5 % (2025-11), unit NORTH/KEY-1, DSO 47 days",
    "key: NORTH", "the token economy", "Basic earnings per share", "bearer instruments and their holders",
    "a basic understanding: yes", "max_tokens=100", "tokens = 5", "author = Anna", "account_key: 4711",
    "https://example.com:8080/notebooks/a@b.ipynb", "https://medium.com/@anna/post", "anna@example.com",
    "http://localhost:8888/lab?x=a:b@c", "ssh://git@example.com/x.git", "PWD=/home/anna", "10:30@gate",
    "password=None", "secret: null", "KeyError: 'key'", "MONKEY=bananas", "sk-learn is scikit-learn",
    "task-management-and-planning-2025-in-finance",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
]  # fmt: skip


@pytest.mark.parametrize("text", HIDDEN)
def test_secrets_are_hidden(text: str) -> None:
    """Each kind of secret is gone and •••, visibly, in its place; a second time changes nothing."""
    shown = redacted(text)

    assert HIDDEN[text] not in shown
    assert MARK in shown
    assert redacted(shown) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_stays(text: str) -> None:
    """Figures, names of units, addresses and words that only sound like secrets stay as they are."""
    assert redacted(text) == text


def test_what_stands_around_stays() -> None:
    """Host, database and the rest of a sentence are what a person needs to mend the cause."""
    text = "could not connect to postgresql://anna:hunter2@db.local:5432/erp (timeout 5 s)"
    assert redacted(text) == f"could not connect to postgresql://{MARK}@db.local:5432/erp (timeout 5 s)"
    assert (
        redacted("login(user='a', password='b c', port=1)") == f"login(user='a', password='{MARK}', port=1)"
    )
    assert redacted("Pwd=x1;Port=5432") == f"Pwd={MARK};Port=5432"


def test_no_text_of_the_lessons_is_touched() -> None:
    """No cell and no output of any notebook here holds what is taken for a secret."""
    paths = sorted(ROOT.glob("notebooks/**/*.ipynb")) + sorted(ROOT.glob("exercises/**/*.ipynb"))
    assert len(paths) > 15
    for path in paths:
        notebook = nbformat.read(path, 4)
        assert redacted(notebook) == notebook, path
        for cell in notebook.cells:
            assert redacted(cell.source) == cell.source


@pytest.mark.parametrize("path", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_no_text_of_the_documentation_is_touched(path: str) -> None:
    """Nor does our prose."""
    text = (ROOT / path).read_text(encoding="utf-8")

    assert redacted(text) == text


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("DB_PASSWORD", "hunter2", True),
        ("PGPASSWORD", "hunter2", True),
        ("GITHUB_TOKEN", "v1.abcdef", True),
        ("ERP_DSN", "uid=anna/xyz", True),
        ("SERVICE_AUTH", "anna:hunter2", True),
        ("MY_KEY", "p@ss w'rd\\<1>", True),
        ("MY_SECRET", "two words\nabcdefgh12345678\nx", True),
        ("DB_PASSWORD", "true", False),
        ("PWD", "/home/anna", False),
        ("GIT_AUTHOR_NAME", "Anna Meyer", False),
        ("KEYBOARD", "german", False),
        ("LANG", "de_DE.UTF-8", False),
    ],
)
def test_values_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hidden: bool
) -> None:
    """The value of a variable that is named as a secret is hidden in whatever form it appears."""
    monkeypatch.setenv(name, value)
    forms = [value, quote(value, safe=""), repr(value)[1:-1], json.dumps(value)[1:-1]]
    forms.append(base64.b64encode(value.encode()).decode())

    assert [f"a {MARK} b" == redacted(f"a {form} b") for form in forms] == [hidden] * len(forms)


def test_a_password_that_is_a_word_or_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is hidden where it stands alone, and no other word or figure is cut to pieces."""
    monkeypatch.setenv("DB_PASSWORD", "margin")
    monkeypatch.setenv("PIN_SECRET", "123456")

    assert redacted("margin, margins, 123456, 1234567") == f"{MARK}, margins, {MARK}, 1234567"


def test_a_path_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable may name the file that holds a secret: without the path nobody finds what is wrong."""
    monkeypatch.setenv("APP_CREDENTIALS", __file__)

    assert redacted(f"cannot read {__file__}") == f"cannot read {__file__}"


def test_structures() -> None:
    """Texts in mappings and lists; what is named a secret is hidden whole; pictures and figures stay."""
    record = {
        "parameters": {"db_password": "x", "api_key": 7, "key": "NORTH", "tokens": 5,
                       "token": ["a", {"b": "c"}]},
        "cause": ["ValueError: password=abc1", 1.5, None, True],
        "data": {"image/png": f"{AWS} password=abc", "text/plain": f"{AWS} "},
        1: b"password=abc1",
    }  # fmt: skip
    before = json.dumps(record, default=str)

    assert redacted(record) == {
        "parameters": {"db_password": MARK, "api_key": MARK, "key": "NORTH", "tokens": 5,
                       "token": [MARK, {"b": MARK}]},
        "cause": [f"ValueError: password={MARK}", 1.5, None, True],
        "data": {"image/png": f"{AWS} password=abc", "text/plain": f"{MARK} "},
        1: f"password={MARK}".encode(),
    }  # fmt: skip
    assert json.dumps(record, default=str) == before
    assert isinstance(redacted(nbformat.v4.new_notebook()), nbformat.NotebookNode)


def test_it_never_raises() -> None:
    """What cannot be looked through is hidden as a whole."""
    deep: list = []
    for _ in range(100_000):
        deep = [deep]

    assert redacted(deep) == MARK
    assert redacted("\ud800 password=x1 \x00") == f"\ud800 password={MARK} \x00"
    assert redacted(None) is None


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from([*HIDDEN, " ", "\n", "=", ":", "'", '"', "@", "a"])).map("".join)
    )
)
def test_twice_is_once(text: str) -> None:
    """Nothing that was made safe is changed again, whatever the text."""
    assert redacted(redacted(text)) == redacted(text)


HARD = [
    "a", "a.", "://", "://a:", "a:b@", "://a:b@c", "password=", "password='", 'token="x', "secret: ", "=",
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n", "-", "eyJ", "eyJaaaaaaaa.", "bearer ",
    "•", "bearer a", "sk-", "sk-a", "AKIA", "xoxb-", "pwd", "passw", "password=,", "\\",
    "'", "://" + "a" * 127, "authorization: basic ",
]  # fmt: skip


def seconds(text: str) -> float:
    """The time to look through a text."""
    began = time.perf_counter()
    redacted(text)
    return time.perf_counter() - began


@pytest.mark.parametrize("part", HARD)
def test_time_is_linear(part: str) -> None:
    """Eight times the text takes not much more than eight times as long, on texts made to be hard."""
    short = min(seconds(part * (40_000 // len(part))) for _ in range(3))
    long = seconds(part * (320_000 // len(part)))

    assert long < 8 * short * 4 + 0.05


@pytest.mark.prove
@pytest.mark.parametrize("part", HARD)
def test_ten_megabytes(part: str) -> None:
    """No text of 10 MB takes a minute."""
    assert seconds(part * (10_000_000 // len(part))) < 60
