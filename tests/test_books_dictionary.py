"""The data dictionary says what the contract says, and what lies in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from finops_toolkit.books.contract import load_contract
from finops_toolkit.books.dictionary import dictionary_files, dictionary_page

COMPANY = Path(__file__).parents[1] / "datasets" / "company"

# Which Arrow types a field of the Frictionless table schema may have in a Parquet file.
ARROW = {
    "string": ("string", "large_string"),
    "date": ("date32[day]",),
    "datetime": ("timestamp[us]", "timestamp[ns]", "timestamp[ms]", "timestamp[s]"),
    "number": ("decimal128(19, 4)", "decimal128(19, 8)"),
    "integer": ("int64",),
    "boolean": ("bool",),
}


@pytest.fixture(scope="module")
def package() -> dict:
    """The shipped data package."""
    return json.loads((COMPANY / "datapackage.json").read_text(encoding="utf8"))


def test_the_package_describes_the_files_as_they_are(package: dict) -> None:
    """Every Parquet file is a resource; its fields are the file's columns, in order and of their type."""
    assert {r["path"] for r in package["resources"]} == {p.name for p in COMPANY.glob("*.parquet")}
    for resource in package["resources"]:
        schema = pq.read_schema(COMPANY / resource["path"])
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == schema.names, resource["name"]
        for field in fields:
            assert str(schema.field(field["name"]).type) in ARROW[field["type"]], (resource["name"], field)


def test_keys_of_the_package_lead_somewhere(package: dict) -> None:
    """A primary key names fields of its table; a foreign key names a table of the package and its key."""
    fields = {r["name"]: {f["name"] for f in r["schema"]["fields"]} for r in package["resources"]}
    for resource in package["resources"]:
        assert set(resource["schema"]["primaryKey"]) <= fields[resource["name"]]
        for key in resource["schema"].get("foreignKeys", []):
            target = key["reference"]["resource"] or resource["name"]
            assert set(key["reference"]["fields"]) <= fields[target]


def test_the_page_names_every_table_and_column() -> None:
    """A reader finds every table and column of the contract on the page, with what it is."""
    page = dictionary_page("Data dictionary")
    for table in load_contract().tables.values():
        section = page.split(f"\n## {table.name}\n", 1)[1].split("\n## ", 1)[0]
        assert table.text in section
        for column in table.columns.values():
            assert f"| {column.name} |" in section and column.text in section


def test_what_is_shipped_is_what_the_contract_makes() -> None:
    """The dictionary in datasets/company is renewed whenever the contract changes."""
    title = "Aldermere Flow Control, a generated company"
    for name, text in dictionary_files(COMPANY, "generated-company", title).items():
        assert (COMPANY / name).read_text(encoding="utf8") == text, (
            f"{name}: make it anew with finops make-data"
        )
