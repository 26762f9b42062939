"""run.json is what its documentation and its schema say, and the index page says the same in words."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import pytest

from finops_toolkit.errors import UsageError
from finops_toolkit.reports import manifest as module
from finops_toolkit.reports.index import index_page
from finops_toolkit.reports.manifest import Batch, fingerprint, manifest_bytes, manifest_of
from finops_toolkit.reports.outcomes import GOOD, MEANINGS, WORDS

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "manifest.md").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads(module.SCHEMA_FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLE: dict[str, Any] = json.loads(PAGE.split("```json\n")[1].split("```")[0])
NOON = dt.datetime(2026, 1, 5, 12, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def wrong(manifest: Any) -> list[str]:
    """What the schema has against a manifest."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(manifest)]


def listed() -> list[set[str]]:
    """The fields of each table of the documentation, in its order."""
    tables = re.findall(r"(?m)^\| (?:field|outcome) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE)
    return [set(re.findall(r"`([\w ]+)`", "\n".join(re.findall(r"(?m)^\|([^|]*)\|", t)))) for t in tables]


def test_code_schema_and_documentation_have_the_same_fields() -> None:
    """No field without a word about it, none documented that is not there."""
    files = SCHEMA["$defs"]
    code = [module.Manifest, module.MadeWith, module.Record, module.File, module.IssueFields]
    schema = [SCHEMA, SCHEMA["properties"]["made_with"], files["record"], files["file"], files["issue"]]

    batch, made_with, record, file, issue, outcomes = listed()
    assert [set(get_type_hints(part)) for part in code] == [batch, made_with, record, file, issue]
    assert [set(part["properties"]) for part in schema] == [batch, made_with, record, file, issue]
    assert outcomes == set(WORDS) == set(files["record"]["properties"]["status"]["enum"])
    assert set(WORDS) - set(GOOD) == set(MEANINGS)
    assert set(SCHEMA["required"]) == batch


def test_the_example_is_true() -> None:
    """The example of the documentation is a run.json: by the schema, with every field, written as we do."""
    VALIDATOR.check_schema(SCHEMA)

    assert wrong(EXAMPLE) == []
    assert set(EXAMPLE["reports"].popitem()[1]) == set(get_type_hints(module.Record))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "great"),
        ("seconds", -1),
        ("ended", "yesterday"),
        ("place", "/etc/passwd"),
        ("place", "a/../../b"),
        ("files", {"exe": {"path": "a", "bytes": 1, "sha256": "0" * 64}}),
        ("files", {"pdf": {"path": "../a", "bytes": 1, "sha256": "0" * 64}}),
        ("issue", {"version": 0, "state": "final", "changes": []}),
        ("contents", "abc"),
        ("secret", "x"),
    ],
)
def test_the_schema_says_what_is_wrong(field: str, value: Any) -> None:
    """A record with a value that means nothing, or with a field nobody knows, breaks the schema."""
    place = "2025-12/NORTH/monthly_scorecard"
    records = json.loads(PAGE.split("```json\n")[1].split("```")[0])["reports"]
    records[place][field] = value

    assert [error for error in wrong({**EXAMPLE, "reports": records}) if place in error]


def test_a_manifest_is_made_of_its_parts() -> None:
    """Times in UTC, outcomes counted, nothing else between two equal batches that differs."""
    batch = Batch("Ü\ud800", "x", "", "", NOON, NOON + dt.timedelta(seconds=1.5), {"by": "unit"})
    made = manifest_of(batch, {}, ["done", "failed", "done"])

    assert wrong(made) == []
    assert (made["started"], made["seconds"]) == ("2026-01-05T10:00:00+00:00", 1.5)
    assert made["outcomes"] == {"done": 2, "failed": 1}
    assert manifest_bytes(made) == manifest_bytes(json.loads(json.dumps(made)))
    begun = manifest_of(Batch("x", "x", "", "", NOON), {})
    assert wrong(begun) == [] and begun["ended"] is None


def test_a_fingerprint_is_of_the_content() -> None:
    """Equal parts in another order are the same data; any other part is other data."""
    one = {"a": [1, 2], "b": "x"}

    assert fingerprint(one) == fingerprint(dict(reversed(one.items())))
    assert len({fingerprint(part) for part in (one, {}, {"a": [2, 1], "b": "x"}, {"a": [1, 2]})}) == 4


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"reports": [], "books": "x"}', '{"reports": {}, "books": 1}']
)
def test_a_foreign_manifest_is_refused(tmp_path: Path, content: str) -> None:
    """A run.json of something else is an error, none at all is none."""
    assert module.known_manifest(tmp_path) is None
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UsageError, match="not written by finops"):
        module.known_manifest(tmp_path)


def test_the_index_names_every_outcome() -> None:
    """Each outcome stands in words; what is up to date is as good as what was made; issues are named."""
    (record,) = json.loads(PAGE.split("```json\n")[1].split("```")[0])["reports"].values()
    first = {"version": 1, "state": "preliminary", "changes": []}
    records = {
        status: {**record, "unit": status, "unit_label": status, "status": status,
                 "issue": first if status == "done" else record["issue"]}
        for status in WORDS
    }  # fmt: skip
    html = index_page({"books": "Nordic", "reports": records}, [])

    said = re.findall(r'class="state (\w+)"[^>]*><span aria-hidden="true">. </span>([^<]*)<', html)
    assert sorted(said) == sorted(("good" if status in GOOD else "bad", WORDS[status]) for status in WORDS)
    assert "8 reports, 6 of them not made this time" in html and "1 of them is preliminary" in html
    assert html.count('<span class="issue">version 2</span>') == 7
    assert html.count('<span class="issue">preliminary</span>') == 1
    assert html.count("the earlier report") == 6
    words = re.findall(r'data-words="([^"]*)"', html)
    assert all(
        any(status in row and WORDS[status] in row for row in words) for status in WORDS if status not in GOOD
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real batch of two small notebooks: one is made, one fails."""
    import nbformat
    import nbformat.v4 as v4

    path = tmp_path_factory.mktemp("batch")
    for name, code in (("good", "1 + 1"), ("bad", "1 / 0")):
        cell = v4.new_code_cell('unit: str = ""', metadata={"tags": ["parameters"]})
        nbformat.write(v4.new_notebook(cells=[cell, v4.new_code_cell(code)]), path / f"{name}.ipynb")
    words = [str(path / "good.ipynb"), str(path / "bad.ipynb"), "--by", "none", "--formats", "html"]
    command = [sys.executable, "-m", "finops_toolkit.cli", "report", *words, "--out", str(path / "out")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1, run.stderr
    return path / "out"


def test_a_real_batch_keeps_to_the_schema(folder: Path) -> None:
    """What finops report writes is what the schema and the documentation say, and its hashes are true."""
    import hashlib

    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))

    assert wrong(manifest) == []
    assert manifest["outcomes"] == {"done": 1, "failed": 1}
    files = [file for record in manifest["reports"].values() for file in record["files"].values()]
    assert len(files) == 3
    for file in files:
        content = (folder / file["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
