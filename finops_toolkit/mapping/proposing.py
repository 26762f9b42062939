"""Proposals: the columns of each table's SELECT, where each comes from, and what is to be asked.

A proposal is tried in the engine before it is written: keys that repeat, dates that lack and rows that stand
for
nothing are found there, dealt with in the open, and asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..books.contract import Column
from ..sources.sql import literal
from .formats import FORMS
from .matching import LIKELY, SURE, Match, Place
from .profiling import Profile, Table, key_text, number, text
from .words import allowed_values, meanings, plain, table_words

ALL = "company"  # the unit that everything belongs to where no unit is found
_MONEY = "DECIMAL(19, 4)"


@dataclass
class Cell:
    """A column of a SELECT: its SQL, where it comes from, how sure (0 to 1; None: no guess in it)."""

    column: Column
    sql: str
    says: str
    score: float | None = None
    bare: str = ""  # the same over the main table alone, without its alias


@dataclass
class Question:
    """Something to be confirmed: what, where to change it, and how much hangs on it (higher first)."""

    text: str
    where: str
    weight: float


@dataclass
class Left:
    """Rows left out on purpose: the condition over the main table, the reason, how many, one of them.

    `keep` is the condition of the others, where it can be said shorter than by a negation.
    """

    condition: str
    reason: str
    count: int
    example: str = ""
    keep: str = ""

    @property
    def others(self) -> str:
        """The condition of the rows that are not left out."""
        return self.keep or f"({self.condition}) IS NOT TRUE"


@dataclass
class Proposal:
    """A table of the contract as proposed: its cells over the main source `m` and the joined ones."""

    match: Match
    cells: dict[str, Cell] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    amount: str | None = None  # the column whose money is tied to the source
    summed: bool = False
    rows: int = 0
    also: list[Proposal] = field(default_factory=list)  # further sources with the same columns

    @property
    def name(self) -> str:
        """The contract's table."""
        return self.match.table.name

    def ask(self, text: str, weight: float) -> None:
        """Add a question about this table's SELECT."""
        self.questions.append(Question(text, f"{self.name}.sql", weight))


def with_parts(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Proposals with those of the further sources that each is made of."""
    return [part for proposal in proposals for part in (proposal, *proposal.also)]


def propose(match: Match, tables: dict[str, Table], root: str) -> Proposal:
    """The proposal for a match. root: the unit for rows whose source names none."""
    proposal = Proposal(match)
    for place in [place for place, _ in match.picks.values()] + [
        p for made in match.made.values() for p in made.values()
    ]:
        if place.join is not None and place.table not in proposal.aliases:
            proposal.aliases[place.table] = f"h{len(proposal.aliases) + 1}" if proposal.aliases else "h"
    for column in match.table.columns.values():
        proposal.cells[column.name] = _cell(proposal, column, root)
    if "delivery" in proposal.cells and "order" in match.picks and "delivery" not in match.picks:
        both = " || '-' || ".join(proposal.cells[name].sql for name in ("order", "line"))
        proposal.cells["delivery"] = Cell(
            match.table.columns["delivery"], both, "not in the source: order and line together"
        )
    for one in match.main.apart:
        proposal.left.append(Left(one.condition, one.reason, one.count, one.example))
    _ask_about_rivals(proposal, tables)
    for doubt in match.doubts:
        proposal.ask(doubt, 6.5)
    if match.main.asked:
        proposal.ask(match.main.asked, 9)
    return proposal


def alias_of(proposal: Proposal, place: Place) -> str:
    """The alias of the table that a column is in, with its point."""
    return "m." if place.join is None else proposal.aliases[place.table] + "."


def named_of(place: Place) -> str:
    """A column's name for people, with its table where that is not the main one."""
    shown = shown_name(place.column.name)
    return shown if place.join is None else f"{shown} of {place.table}"


def shown_name(name: str) -> str:
    """A name from data as a comment may hold it: on one line, and short."""
    flat = "".join(letter if letter.isprintable() else " " for letter in name)
    return flat if len(flat) <= 60 else flat[:59] + "…"


def _cell(proposal: Proposal, column: Column, root: str) -> Cell:
    match = proposal.match
    if column.name in match.made:
        return _made(proposal, column, match.made[column.name])
    if column.name in match.picks:
        place, score = match.picks[column.name]
        return _picked(proposal, column, place, score)
    words = table_words()[match.table.name]
    same = words.get("same", {}).get(column.name)
    if same and same in match.picks:
        place, _ = match.picks[same]
        proposal.ask(
            f"No column was found for {column.name} ({column.text}): {named_of(place)} is taken instead.", 3
        )
        found = _picked(proposal, column, place, SURE)
        return Cell(column, found.sql, f"not found: the same as {same}", None, found.bare)
    if column.name == "unit":
        maybe = [
            c.name
            for c in match.main.columns.values()
            if plain(c.name) in _maybe() and 2 <= c.distinct <= 100
        ]
        also = f" Might {' or '.join(shown_name(name) for name in maybe[:3])} be the unit?" if maybe else ""
        proposal.ask(
            f"Nothing says which unit a row belongs to: all of it counts for {root!r}.{also}",
            6 if maybe else 4,
        )
        return Cell(column, literal(root), "no column says it: everything counts for one unit")
    default = words.get("defaults", {}).get(column.name)
    if default == "line" and column.optional and "order" not in match.picks:
        default = None
    if default == "line":
        return _numbered(proposal, column)
    if default:
        return Cell(column, literal(default), f"not in the source: {default!r} is assumed")
    if not column.optional:
        return Cell(column, _required(column, root), "not found, and the contract needs it: please fill in")
    others = match.others.get(column.name, [])
    hint = f"; perhaps {', '.join(named_of(place) for place, _ in others[:2])}" if others else ""
    return Cell(column, "NULL", f"nothing found{hint}")


def _maybe() -> set[str]:
    return set(meanings()["unit_maybe"].names)


def _required(column: Column, root: str) -> str:
    if column.name == "currency":
        return "'EUR'"
    return literal(column.one_of[0] if column.one_of else root)


def _picked(proposal: Proposal, column: Column, place: Place, score: float) -> Cell:
    alias = alias_of(proposal, place)
    sql = read_as(column, place.column, alias, proposal.name)
    bare = read_as(column, place.column, "", proposal.name) if place.join is None else ""
    says = named_of(place)
    form = place.column.form
    if form.form in FORMS and place.column.kind in ("date", "month"):
        says += f", written like {FORMS[form.form].example}"
    elif form.form in ("eu", "us"):
        says += f", written like {'1.234,56' if form.form == 'eu' else '1,234.56'}"
    if form.doubt:
        weight = 8 if place.column.kind in ("date", "month") else 5
        proposal.ask(
            f"{column.name}: is {named_of(place)} ({_examples(place.column)}) read rightly? It might be "
            f"{form.doubt}.",
            weight,
        )
    others = [
        p
        for p, s in proposal.match.others.get(column.name, [])
        if s > score - 0.15 and p.column is not place.column
    ]
    if score < SURE:
        also = f" Or is it {' or '.join(named_of(p) for p in others[:2])}?" if others else ""
        core = any(column.name in group.split("|") for group in table_words()[proposal.name]["core"])
        proposal.ask(
            f"{column.name} ({column.text}): is it {named_of(place)} ({_examples(place.column)})?{also}",
            (9 if core else 4) + (LIKELY - score) * 5,
        )
    if column.one_of and column.name != "line":
        sql, says = _allowed(proposal, column, place, says)
    return Cell(column, sql, says, score, bare)


def _examples(profile: Profile) -> str:
    return ", ".join(shown_name(value)[:24] for value in profile.examples[:2]) or "empty"


def read_as(column: Column, profile: Profile, alias: str, table: str) -> str:
    """SQL that reads a source's column as a column of the contract; what it cannot read stays as it is."""
    named = f"{alias}{profile.sql}"
    if column.type in ("date", "month", "time"):
        if column.type == "time" or profile.type != "VARCHAR":
            return (
                f"CAST({named} AS VARCHAR)"
                if profile.kind == "month" and profile.type != "VARCHAR"
                else named
            )
        form = FORMS.get(profile.form.form)
        return form.sql.format(c=named) if form else named
    if column.type in ("money", "quantity", "rate"):
        return number(profile, alias)
    if column.type == "integer":
        if profile.type == "VARCHAR" and (profile.form.form in ("eu", "us") or profile.form.point_zero):
            return f"REGEXP_REPLACE(TRIM({named}), '[.,]0*$', '')"
        return f"TRIM({named})" if profile.type == "VARCHAR" else named
    if column.type == "boolean":
        words = allowed_values(f"{table}.{column.name}")
        cases = " ".join(
            f"WHEN {literal(value)} THEN {words[plain(value)]}"
            for value in profile.values[:20]
            if plain(value) in words
        )
        return f"CASE TRIM(CAST({named} AS VARCHAR)) {cases} END" if cases else named
    if column.type == "id":
        return key_text(profile, alias)
    return named


def _allowed(proposal: Proposal, column: Column, place: Place, says: str) -> tuple[str, str]:
    """A column that allows certain values only: the source's own, or each translated by its word."""
    found = place.column.values
    named = text(place.column, alias_of(proposal, place))
    if set(found) <= set(column.one_of):
        return named, says
    words = allowed_values(f"{proposal.name}.{column.name}")
    cases = [(value, words[plain(value)]) for value in found[:60] if plain(value) in words]
    default = table_words()[proposal.name].get("defaults", {}).get(column.name, column.one_of[0])
    unknown = [shown_name(value)[:30] for value in found if plain(value) not in words]
    if unknown:
        proposal.ask(
            f"{column.name}: {', '.join(unknown[:5])} in {named_of(place)} count as {default!r}; allowed "
            f"are {', '.join(column.one_of)}.",
            5,
        )
    lines = "".join(f"\n        WHEN {literal(value)} THEN {literal(meant)}" for value, meant in cases)
    if cases and not unknown and {meant for _, meant in cases} == {default}:
        return literal(default), f"{says}: {', '.join(value for value, _ in cases[:3])} is {default}"
    if not lines:
        return literal(default), f"{says} has other values: {default!r} is assumed"
    return f"CASE {named}{lines}\n        ELSE {literal(default)}\n    END", says


def _made(proposal: Proposal, column: Column, parts: dict[str, Place]) -> Cell:
    """A column made of several of the source."""

    def value(name: str, bare: bool) -> str:
        alias = "" if bare else alias_of(proposal, parts[name])
        return number(parts[name].column, alias)

    own = all(place.join is None for place in parts.values())
    sqls = []
    for bare in (False, True):
        if "debit" in parts:
            sides = [_or_zero(parts[name].column, value(name, bare)) for name in ("debit", "credit")]
            sqls.append(" - ".join(sides))
        elif "flag" in parts:
            flag = ("" if bare else alias_of(proposal, parts["flag"])) + parts["flag"].column.sql
            sqls.append(f"signed({value('amount', bare)}, {flag})")
        elif "year" in parts:
            year, period = (
                f"TRIM(CAST({'' if bare else alias_of(proposal, parts[n])}{parts[n].column.sql} AS VARCHAR))"
                for n in ("year", "period")
            )
            sqls.append(
                f"{year} || '-' || LPAD(CAST(LEAST(12, CAST({period} AS INTEGER)) AS VARCHAR), 2, '0') || "
                f"'-01'"
            )
        else:
            factors = [
                f"CAST({value(name, bare)} AS {kind})"
                for name, kind in (("price", "DECIMAL(18, 6)"), ("quantity", "DECIMAL(14, 4)"))
                if name in parts
            ]
            if "discount" in parts:
                factors.append(f"(1 - CAST({value('discount', bare)} AS DECIMAL(6, 5)))")
            factors[:] = _no_overflow(factors)
            sqls.append(f"CAST(ROUND({' * '.join(factors)}, 4) AS {_MONEY})")
    names = {
        "debit": "{debit} less {credit}",
        "flag": "{amount} with the sign that {flag} says",
        "year": "{year} and {period}, periods after 12 as December",
    }
    key = next((key for key in names if key in parts), "")
    says = (
        names[key].format(**{k: named_of(p) for k, p in parts.items()})
        if key
        else " × ".join(
            ("(1 − {})" if k == "discount" else "{}").format(named_of(p)) for k, p in parts.items()
        )
    )
    # A product is a guess at what the amount is; two sides are none, and the sum of the ledger shows it.
    return Cell(column, sqls[0], says, None if key else 0.7, sqls[1] if own else "")


def _or_zero(profile: Profile, sql: str) -> str:
    """An amount that is 0 where the cell is empty. What is no number stops the reading, and is named."""
    if profile.type == "VARCHAR" and sql.endswith(profile.sql):
        sql = f"NULLIF(TRIM({sql}), '')"
    return f"COALESCE(CAST({sql} AS {_MONEY}), 0)"


def _no_overflow(factors: list[str]) -> list[str]:
    """Decimals of a product add up their digits, 38 at most: three factors are kept shorter."""
    if len(factors) < 3:
        return factors
    return [
        one.replace("DECIMAL(18, 6)", "DECIMAL(14, 4)").replace("DECIMAL(14, 4)", "DECIMAL(14, 4)", 1)
        for one in factors
    ]


def _numbered(proposal: Proposal, column: Column) -> Cell:
    """A number of our own: of the lines in a document, or of the rows in the file."""
    picks = proposal.match.picks
    document = next((name for name in ("order", "purchase", "entry", "case") if name in picks), None)
    if column.name == "line" and "row_" in proposal.match.main.places and "time" not in picks:
        return Cell(column, "m.row_", "not in the source: the number of the row in the file")
    if column.type == "integer" and document:
        by = [name for name in ("time", "product", "account") if name in picks]
        order = ", ".join(
            _picked(proposal, proposal.match.table.columns[n], picks[n][0], 1.0).sql for n in by
        )
        order = ", ".join(filter(None, [order, order_of_rows(proposal.match.main)]))
        key = proposal.cells[document].sql
        return Cell(
            column,
            f"ROW_NUMBER() OVER (PARTITION BY {key}{' ORDER BY ' + order if order else ''})",
            f"not in the source: the lines of each {document} are numbered",
        )
    order = order_of_rows(proposal.match.main)
    order = f"ORDER BY {order}" if order else ""
    if column.type == "integer":
        return Cell(column, f"ROW_NUMBER() OVER ({order})", "not in the source: the rows are numbered")
    return Cell(column, row_key(proposal.match.main), "not in the source: the number of the row")


def order_of_rows(table: Table) -> str:
    """SQL of the order that the rows have in their file; empty where the file has none."""
    return ", ".join(f"m.{name}" for name in ("file_", "sheet_", "row_") if name in table.places)


def row_key(table: Table) -> str:
    """SQL of a text that is another in each row."""
    parts = [f"m.{name}" for name in ("file_", "sheet_", "row_") if name in table.places]
    if "row_" not in table.places:
        return "CAST(ROW_NUMBER() OVER () AS VARCHAR)"
    return " || ':' || ".join(parts) if len(parts) > 1 else f"CAST({parts[0]} AS VARCHAR)"


def _ask_about_rivals(proposal: Proposal, tables: dict[str, Table]) -> None:
    for name in proposal.match.rivals[:3]:
        ask_about_rival(proposal, tables[name])


def ask_about_rival(proposal: Proposal, table: Table) -> None:
    """Another source that may hold more of a table, in other columns."""
    used = proposal.match.main.name
    proposal.ask(
        f"{table.name} ({table.rows:,} rows) looks like {proposal.name}, too. Only {used} is used. "
        "If both count, add a second SELECT below the first with UNION ALL.",
        7 if proposal.match.table.date else 3,
    )
