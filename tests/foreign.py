"""Foreign files for the fuzzer: a table as workbook, database, JSON or archive, and readers of them.

The readers have nothing to do with the toolkit's.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import small_company
import xlsxwriter

from finops_toolkit.books.contract import EXACT, load_contract

if TYPE_CHECKING:
    from mutations import Work

_NUMBER = re.compile("-?[0-9]{1,9}([.][0-9]{1,4})?")


def write_adapter(folder: Path, name: str, file: str, rows: list[dict[str, str]]) -> None:
    """books.toml with one source, a SELECT over it, and SELECTs in place of the tables that lie beside."""
    more = {".sqlite": f'table = "{name}"', ".json": 'records = "data.rows"'}.get(Path(file).suffix, "")
    columns = list(rows[0])
    settings = small_company.BOOKS + f'[sources.Raw]\nfile = "{file}"\n{more}\n'
    types = load_contract().tables[name].columns
    money = next((column for column in columns if types[column].type in EXACT), None)
    tied = f'amount = "TRY_CAST({money} AS DECIMAL(19, 4))"\ncolumn = "{money}"\n' if money else ""
    settings += f'[tables.{name}]\nfrom = "Raw"\n{tied}'
    listed = ", ".join(f'"{column}"' for column in columns)
    (folder / f"{name}.sql").write_text(f"SELECT {listed}\nFROM Raw\n")
    for path in sorted(folder.glob("*.csv")):
        settings += f'[sources."{path.stem}_beside"]\nfile = "{path.name}"\n'
        (folder / f"{path.stem}.sql").write_text(f'SELECT * EXCLUDE (row_) FROM "{path.stem}_beside"\n')
        path.rename(folder.parent / "raw" / path.name)
    (folder / "books.toml").write_text(settings)


def _value(text: str) -> str | float | None:
    """A cell as a program would keep it: numbers as numbers."""
    if text == "":
        return None
    return float(text) if _NUMBER.fullmatch(text) and text.lstrip("-")[:1] != "0" else text


def _write_xlsx(work: Work) -> None:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with closing(xlsxwriter.Workbook(work.path, options)) as book:
        sheet = book.add_worksheet("Data")
        for row, values in enumerate([work.header, *work.rows]):
            for column, text in enumerate(values):
                value = text if row == 0 else _value(text)
                # A cell holds so many letters and no more; half a letter no program writes.
                value = (
                    value[:32_000].encode("utf-8", "replace").decode() if isinstance(value, str) else value
                )
                if value is not None:
                    sheet.write(row, column, value)


def _write_sqlite(work: Work) -> None:
    with closing(sqlite3.connect(work.path)) as database:
        names = [
            f"{name}".replace(chr(0), "").encode("utf-8", "replace").decode() or f"c{at}"
            for at, name in enumerate(work.header)
        ]
        listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        try:
            database.execute(f'CREATE TABLE "{work.name}" ({listed})')
        except sqlite3.OperationalError:
            # It lets no two columns have one name.
            database.execute(f'CREATE TABLE "{work.name}" ("nothing")')
            database.commit()
            return
        marks = ", ".join("?" * len(names))
        for row in work.rows:
            values = [_value(text) for text in row][: len(names)]
            values = [v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in values]
            database.execute(f'INSERT INTO "{work.name}" VALUES ({marks})', values)
        database.commit()


def _records(work: Work) -> list[dict[str, Any]]:
    return [{name: _plain(text) for name, text in zip(work.header, row, strict=False)} for row in work.rows]


def _plain(text: str) -> Any:
    value = _value(text)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole(digits: str) -> int | str:
    """A whole number; one that Python refuses to turn into a number stays text."""
    return int(digits) if len(digits) < 4000 else digits


def _write_json(work: Work) -> None:
    work.path.write_text(json.dumps({"data": {"rows": _records(work)}}), encoding="utf8")


def _write_jsonl(work: Work) -> None:
    work.path.write_text("".join(json.dumps(record) + "\n" for record in _records(work)), encoding="utf8")


def _write_zip(work: Work) -> None:
    with zipfile.ZipFile(work.path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"export/{work.name}.csv", work.text())


def _write_tar(work: Work) -> None:
    with tarfile.open(work.path, "w:gz") as packed:
        info, data = tarfile.TarInfo(f"export/{work.name}.csv"), work.text()
        info.size = len(data)
        packed.addfile(info, io.BytesIO(data))


WRITERS: dict[str, Callable[[Work], Any]] = {
    "raw.csv": lambda work: work.path.write_bytes(work.text()),
    "raw.csv.gz": lambda work: work.path.write_bytes(gzip.compress(work.text())),
    "raw.xlsx": _write_xlsx,
    "raw.sqlite": _write_sqlite,
    "raw.json": _write_json,
    "raw.jsonl": _write_jsonl,
    "raw.zip": _write_zip,
    "raw.tar.gz": _write_tar,
}


def table_of(path: Path, name: str) -> tuple[list[str], list[list[Any]]] | bytes:
    """What a foreign file holds: columns and rows, or the text of its one file. Raises any exception."""
    file = path.name.lower()
    if file.endswith(".zip"):
        with zipfile.ZipFile(path) as packed:
            (member,) = (entry for entry in packed.infolist() if not entry.is_dir())
            return packed.read(member)
    if file.endswith(".tar.gz"):
        with tarfile.open(path) as packed:
            (member,) = (entry for entry in packed if entry.isfile())
            return packed.extractfile(member).read()
    if file.endswith(".gz"):
        return gzip.decompress(path.read_bytes())
    if file.endswith(".csv"):
        return path.read_bytes()
    if file.endswith(".sqlite"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            cursor = database.execute(f'SELECT * FROM "{name}"')
            return [column[0] for column in cursor.description], [list(row) for row in cursor]
    if file.endswith(".xlsx"):
        return _sheet(path)
    if file.endswith(".jsonl"):
        records = [
            json.loads(line, parse_float=Decimal, parse_int=_whole)
            for line in path.read_text("utf-8-sig").splitlines()
            if line.strip()
        ]
    else:
        whole = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal, parse_int=_whole)
        records = whole["data"]["rows"]
    header = list(dict.fromkeys(key for record in records for key in record))
    return header, [[record.get(key) for key in header] for record in records]


def _sheet(path: Path) -> tuple[list[str], list[list[Any]]]:
    """The first sheet of a workbook, from its XML. Rows of nothing are none."""
    ns = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as packed:
        strings = []
        if "xl/sharedStrings.xml" in packed.namelist():
            for item in ElementTree.fromstring(packed.read("xl/sharedStrings.xml")).iter(f"{ns}si"):
                text = "".join(part.text or "" for part in item.iter(f"{ns}t"))
                strings.append(re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), text))
        root = ElementTree.fromstring(packed.read("xl/worksheets/sheet1.xml"))
    rows: dict[int, dict[int, Any]] = {}
    for cell in root.iter(f"{ns}c"):
        letters, number = re.fullmatch("([A-Z]+)([0-9]+)", cell.attrib["r"]).groups()
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        held = cell.findtext(f"{ns}v")
        if held is not None:
            value = (
                strings[int(held)]
                if cell.get("t") == "s"
                else held
                if cell.get("t") in ("str", "e")
                else float(held)
            )
            rows.setdefault(int(number), {})[column] = value
    heads = rows.pop(1)
    width = max(max(row) for row in (heads, *rows.values()))
    header = [str(heads.get(at, "")) for at in range(1, width + 1)]
    return header, [[rows[number].get(at) for at in range(1, width + 1)] for number in sorted(rows)]
