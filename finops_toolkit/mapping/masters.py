"""Units, accounts, products, customers: what other tables point to, so that nothing points nowhere."""

from __future__ import annotations

from textwrap import indent
from typing import Any

from ..sources.sql import literal, quote
from .accounts import Line, lines_of
from .matching import Match
from .profiling import Profile, Table, key_text, text
from .proposing import ALL, Proposal, with_parts
from .trying import source_of, where_of
from .words import meanings, name_score

_LEDGER = ("journal", "balances", "budget")
# What can be listed from the rows that use it, where no file lists it: table, its key, the meaning of its
# name.
_LISTED = {
    "products": ("product", "product_name", ("orders", "deliveries", "purchases", "stock", "production")),
    "customers": ("customer", "customer_name", ("orders", "deliveries", "invoices")),
    "suppliers": ("supplier", "supplier_name", ("purchases", "bills")),
}


def root_of(engine: Any, match: Match | None) -> str:
    """The unit above all others: the only one without a parent in the file of units, else "company"."""
    if match is None or "parent" not in match.picks:
        return ALL
    unit, parent = (match.picks[name][0].column for name in ("unit", "parent"))
    name = quote(match.main.name)
    strays = engine.execute(
        f"SELECT COUNT(*) FROM {name} WHERE {text(parent)} IS NOT NULL "
        f"AND {key_text(parent)} NOT IN (SELECT {key_text(unit)} FROM {name} WHERE {text(unit)} IS NOT NULL)"
    ).fetchall()[0][0]
    if strays:
        del match.picks["parent"]
        return ALL
    tops = engine.execute(
        f"SELECT {key_text(unit)} FROM {name} WHERE {text(parent)} IS NULL OR {key_text(parent)} = "
        f"{key_text(unit)}"
    ).fetchall()
    return str(tops[0][0]) if len(tops) == 1 else ALL


def units_text(proposals: dict[str, Proposal], root: str, currency: str) -> str:
    """units.sql: the units that a file lists, those that rows name beside, and the one above all."""
    listed = proposals.get("units")
    others = with_parts(proposal for name, proposal in proposals.items() if name != "units")
    users = [proposal for proposal in others if "unit" in proposal.match.picks]
    lines = ["-- units: the business units, and the one above them that everything adds up to."]
    parts = []
    if listed:
        cells = listed.cells
        own = "parent" in listed.match.picks
        top = (
            f"NULLIF(COALESCE({cells['parent'].sql}, {literal(root)}), {cells['unit'].sql})"
            if own
            else literal(root)
        )
        parent = (
            f"CASE WHEN {cells['unit'].sql} = {literal(root)} THEN NULL ELSE {top} END"
            if own
            else literal(root)
        )
        kind = cells["kind"].sql if "kind" in listed.match.picks else "NULL"
        money = cells["currency"].sql if "currency" in listed.match.picks else literal(currency)
        share = cells["ownership"].sql if "ownership" in listed.match.picks else "NULL"
        parts.append(
            f"SELECT {cells['unit'].sql} AS unit, {cells['name'].sql} AS name, {parent} AS parent, {kind} "
            f"AS kind,\n"
            f"    {money} AS currency, {share} AS ownership\n{source_of(listed)}{where_of(listed)}"
        )
    if root == ALL or not listed:
        name = "Whole company"
        parts.append(f"SELECT {literal(root)}, {literal(name)}, NULL, 'company', {literal(currency)}, NULL")
    if users:
        lines.append("-- Units that rows name and no list has: they belong to the one above all.")
        each = dict.fromkeys(f"    SELECT DISTINCT {p.cells['unit'].sql} AS unit\n{_rows(p)}" for p in users)
        used = "\n    UNION\n".join(each)
        known = f"SELECT unit FROM listed UNION ALL SELECT {literal(root)}"
        first = _with_names(parts[0])
        more = "".join(f"\n    UNION ALL\n{part}" for part in parts[1:])
        return "\n".join(lines) + (
            f"\nWITH listed AS (\n{first}{more}\n), used AS (\n{used}\n)\n"
            f"SELECT * FROM listed\nUNION ALL\nSELECT unit, unit, {literal(root)}, NULL, "
            f"{literal(currency)}, NULL FROM used\n"
            f"WHERE unit IS NOT NULL AND unit NOT IN ({known})\n"
        )
    return (
        "\n".join(lines)
        + "\n"
        + _with_names(parts[0])
        + "".join(f"\nUNION ALL\n{part}" for part in parts[1:])
        + "\n"
    )


def _rows(proposal: Proposal) -> str:
    """FROM and WHERE of a proposal, indented."""
    return indent(source_of(proposal) + where_of(proposal), "    ")


def _with_names(part: str) -> str:
    """The first SELECT of a union names the columns."""
    if " AS unit" in part:
        return part
    values = part.removeprefix("SELECT ").split(", ")
    names = ("unit", "name", "parent", "kind", "currency", "ownership")
    return "SELECT " + ", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True))


def accounts_of(engine: Any, proposals: dict[str, Proposal]) -> tuple[str, list[Line], str, dict[str, float]]:
    """accounts.sql, the map of accounts, the chart recognised, and money on each account (what there is)."""
    listed = proposals.get("accounts")
    users = with_parts(proposals[name] for name in _LEDGER if name in proposals)
    parts = []
    if listed:
        parts.append(
            f"    SELECT {listed.cells['account'].sql} AS account, {listed.cells['name'].sql} AS name, 0 "
            f"AS place\n"
            f"{_rows(listed)}"
        )
    for place, proposal in enumerate(users, 1):
        name = _name_in(proposal.match.main, "account_name", {"account"})
        named = f"m.{name.sql}" if name else proposal.cells["account"].sql
        parts.append(
            f"    SELECT {proposal.cells['account'].sql}{'' if parts else ' AS account'}, "
            f"{named}{'' if parts else ' AS name'}, {place}"
            f"{'' if parts else ' AS place'}\n{_rows(proposal)}"
        )
    inner = "\n    UNION ALL\n".join(parts)
    found = "WITH found AS (\n" + inner + "\n)"
    names = "ARG_MIN(COALESCE(NULLIF(TRIM(CAST(f.name AS VARCHAR)), ''), f.account), f.place)"
    kinds = _kinds(engine, listed)
    rows = engine.execute(
        f"{found} SELECT f.account, {names} FROM found f WHERE NULLIF(TRIM(f.account), '') IS NOT NULL "
        f"GROUP BY f.account"
    ).fetchall()
    lines, chart = lines_of((str(a), str(n), kinds.get(str(a), "")) for a, n in rows)
    select = (
        "-- accounts: every account that is listed or booked on, with the statement line that accounts.csv "
        "gives it.\n"
        "-- An account that accounts.csv does not know shows as a line of its own, unmapped, and is never "
        "dropped.\n"
        f"{found}\nSELECT f.account AS account, {names} AS name,\n"
        "    COALESCE(MAX(NULLIF(TRIM(map.line), '')), 'unmapped') AS line\n"
        "FROM found f\nLEFT JOIN account_map map ON TRIM(map.account) = f.account\n"
        "WHERE NULLIF(TRIM(f.account), '') IS NOT NULL\nGROUP BY f.account\n"
    )
    return select, lines, chart, _money(engine, users)


def _kinds(engine: Any, listed: Proposal | None) -> dict[str, str]:
    """What the source calls the kind of each account, where it does."""
    if listed is None or "line" not in listed.match.picks:
        return {}
    place, _ = listed.match.picks["line"]
    if place.join is not None:
        return {}
    rows = engine.execute(
        f"SELECT {listed.cells['account'].sql}, {text(place.column, 'm.')} "
        f"{source_of(listed)}{where_of(listed)}"
    ).fetchall()
    return {str(account): str(kind or "") for account, kind in rows}


def _money(engine: Any, users: list[Proposal]) -> dict[str, float]:
    """The sum of absolute amounts by account: what stands behind a line that is not known."""
    for proposal in users:
        cell = proposal.cells.get("amount") or proposal.cells.get("flow") or proposal.cells.get("closing")
        if cell is None or cell.sql == "NULL":
            continue
        rows = engine.execute(
            f"SELECT {proposal.cells['account'].sql}, SUM(ABS(TRY_CAST({cell.sql} AS DOUBLE))) "
            f"{source_of(proposal)}{where_of(proposal)} GROUP BY 1"
        ).fetchall()
        return {str(account): float(money or 0) for account, money in rows}
    return {}


def _name_in(table: Table, meaning: str, used: set[str]) -> Profile | None:
    """The column of a table that holds names of what its rows are about, if one says so."""
    scored = [
        (name_score(column.name, meanings()[meaning]), column)
        for column in table.columns.values()
        if column.kind in ("text", "code") and column.filled
    ]
    score, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return best if best is not None and score >= 0.7 else None


def listed_from_rows(proposals: dict[str, Proposal]) -> dict[str, str]:
    """SELECTs of products, customers and suppliers that no file lists: each that rows name, once."""
    found = {}
    for table, (key, meaning, users) in _LISTED.items():
        using = with_parts(proposals[name] for name in users if name in proposals)
        rows = [proposal for proposal in using if key in proposal.match.picks]
        rows = list({proposal.match.main.name: proposal for proposal in reversed(rows)}.values())
        if table in proposals or not rows:
            continue
        parts = []
        for proposal in rows:
            place, _ = proposal.match.picks[key]
            name = _name_in(proposal.match.main, meaning, {key}) if place.join is None else None
            named = f"MAX(TRIM(m.{name.sql}))" if name and name is not place.column else "NULL"
            parts.append(
                f"    SELECT {proposal.cells[key].sql} AS {key}, {named} AS name\n"
                f"{_rows(proposal)}\n    GROUP BY 1"
            )
        union = "\n    UNION ALL\n".join(parts)
        kind = ", 'finished' AS kind" if table == "products" else ""
        found[table] = (
            f"-- {table}: no file lists them. These are the ones that rows name.\n"
            f"WITH named AS (\n{union}\n)\nSELECT {key}, COALESCE(MAX(name), {key}) AS name{kind}\n"
            f"FROM named\nWHERE NULLIF(TRIM({key}), '') IS NOT NULL\nGROUP BY {key}\n"
        )
    return found
