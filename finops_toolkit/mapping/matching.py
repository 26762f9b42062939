"""Which source holds which table of the contract, and which column stands for which: the best assignment.

A column is scored by its name against the words of words.toml and by its values; the columns of a table are
then
assigned all together, so that the sum of the scores is the largest there can be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..books.contract import Column, load_contract
from ..books.contract import Table as ContractTable
from .profiling import Join, Profile, Table
from .words import called_score, meaning_of, meanings, name_score, plain, table_words

SURE, LIKELY, LEAST = 0.8, 0.6, 0.42  # scores: no question, a question, not taken at all
_MASTERS = ("accounts", "units", "departments", "products", "customers", "suppliers")
_DOCUMENTS = ("invoices", "bills")
# Of each row only one can be true of the same source.
_RIVALS = (
    ("orders", "purchases"),
    ("deliveries", "purchases"),
    ("invoices", "bills"),
    ("journal", "balances", "budget"),
    ("stock", "deliveries"),
    _MASTERS,
)
# A line's document says when and for whom: tables joined by these may give any column.
_HEADERS = ("order", "purchase", "invoice", "bill", "delivery", "entry", "run", "case")


@dataclass(frozen=True)
class Place:
    """A column of a source: the table it is in (joined to the main one, or it), and its profile."""

    table: str
    column: Profile
    join: Join | None = None


@dataclass
class Match:
    """A table of the contract in a source: what stands for each column, how sure, and what else might."""

    table: ContractTable
    main: Table
    picks: dict[str, tuple[Place, float]] = field(default_factory=dict)
    others: dict[str, list[tuple[Place, float]]] = field(default_factory=dict)
    score: float = 0.0
    missing: list[str] = field(default_factory=list)
    # Columns that are made of several: amount from debit and credit, or from price times quantity.
    made: dict[str, dict[str, Place]] = field(default_factory=dict)
    also: list[Match] = field(default_factory=list)  # other sources with the same columns: parts of one table
    doubts: list[str] = field(default_factory=list)  # what is to be asked about the columns picked
    rivals: list[str] = field(default_factory=list)  # other sources that would do nearly as well


def matches(tables: dict[str, Table], joins: list[Join]) -> tuple[dict[str, Match], list[Match]]:
    """The best source for each table of the contract, and near misses: called so, but a column lacks."""
    found: dict[str, list[Match]] = {}
    near = []
    for contract in load_contract().tables.values():
        if contract.name not in table_words():
            continue
        for table in tables.values():
            if table.origin and contract.name not in _as_rows(table):
                continue
            match = _match(contract, table, tables, joins)
            if match.missing and match.score > 0.5:
                near.append(match)
            elif not match.missing and match.score >= LEAST:
                found.setdefault(contract.name, []).append(match)
    chosen: dict[str, Match] = {}
    taken: dict[str, set[str]] = {}
    ranked = sorted((m for group in found.values() for m in group), key=lambda m: -m.score)
    for match in ranked:
        name, source = match.table.name, match.main.name
        if name in chosen:
            best = chosen[name]
            free = not _rivals_of(name) & taken.get(source, set())
            if free and _alike(best, match) and best.table.date:
                best.also.append(match)
                taken.setdefault(source, set()).add(name)
            elif match.score > 0.8 * best.score and not match.main.source.view:
                best.rivals.append(source)
            continue
        if not _rivals_of(name) & taken.get(source, set()):
            chosen[name] = match
            taken.setdefault(source, set()).add(name)
    _one_date(chosen)
    mains = {match.main.origin or match.main.name for match in chosen.values()}
    near = [match for match in near if match.main.name not in mains and match.table.name not in chosen]
    return chosen, sorted(near, key=lambda match: -match.score)


def _as_rows(table: Table) -> tuple[str, ...]:
    """What columns set one below the other may be. Of lines of a statement the table's name says which."""
    if not table.asked:
        return ("budget", "balances")
    return ("budget",) if called_score(_called(table), "budget") >= 0.6 else ("balances",)


def _rivals_of(name: str) -> set[str]:
    return {other for group in _RIVALS if name in group for other in group} - {name}


def _alike(first: Match, second: Match) -> bool:
    """Whether two sources hold one table in the same columns, written in the same way: two parts of it."""

    def columns(match: Match) -> set[tuple[Any, ...]]:
        held = [(name, place) for name, (place, _) in match.picks.items()]
        held += [(name, place) for name, parts in match.made.items() for place in parts.values()]
        return {
            (name, place.column.name, place.column.form.form, place.join and place.table)
            for name, place in held
        }

    views = first.main.source.view or second.main.source.view
    return not views and not first.main.origin and columns(first) == columns(second)


def _one_date(chosen: dict[str, Match]) -> None:
    """Rows with a single date are orders or deliveries, not both: all would be on time by definition."""
    both = [chosen.get(name) for name in ("orders", "deliveries")]
    if both[0] is None or both[1] is None or both[0].main is not both[1].main:
        return
    ordered, shipped = both[0].picks.get("ordered"), both[1].picks.get("shipped")
    if ordered and shipped and ordered[0].column is shipped[0].column:
        del chosen["orders" if both[0].score < both[1].score else "deliveries"]
        return
    for name in ("requested", "promised"):
        due = both[0].picks.get(name)
        if due and shipped and due[0].column is shipped[0].column:
            # What was shipped on the day that is its due date says nothing of being on time.
            del both[0].picks[name]
            shown = due[0].column.name
            both[1].doubts.append(
                f"{shown} is taken as the day of shipping. Or is it the day {name}? It cannot be both: each "
                "line would be on time."
            )


def _match(contract: ContractTable, table: Table, tables: dict[str, Table], joins: list[Join]) -> Match:
    match = Match(contract, table)
    words = table_words()[contract.name]
    called = called_score(_called(table), contract.name)
    places = _places(table, tables, joins)
    columns = list(contract.columns.values())
    scores = [[_score(contract, column, place, table) for place in places] for column in columns]
    # A column that the table cannot do without goes before one it can.
    core_names = {name for group in words["core"] for name in group.split("|")}
    weighed = [
        [score * (1.6 if column.name in core_names else 1.0 if column.optional else 1.2) for score in row]
        for column, row in zip(columns, scores, strict=True)
    ]
    for row, best in zip(range(len(columns)), assign(weighed), strict=True):
        name = columns[row].name
        ranked = sorted(zip(places, scores[row], strict=True), key=lambda pair: -pair[1])
        if best is not None and scores[row][best] >= LEAST:
            match.picks[name] = (places[best], scores[row][best])
            ranked = [pair for pair in ranked if pair[0] is not places[best]]
        match.others[name] = [pair for pair in ranked[:3] if pair[1] >= LEAST]
    _make(match, places, called)
    core: list[float] = []
    for group in words["core"]:
        held = [match.picks[one][1] for one in group.split("|") if one in match.picks]
        made = [0.7 for one in group.split("|") if one in match.made]
        if not held and not made:
            match.missing.append(group.replace("|", " or "))
            held = [0.0]
        core.append(max(held + made))
    optional = [score for name, (_, score) in match.picks.items() if name not in words["core"]]
    match.score = sum(core) / len(core) * (0.5 + 0.5 * called) + 0.015 * sum(optional)
    if table.source.view:
        match.score *= 0.7
    # A date or a number alone says little: the file's name must say the rest.
    alone = len(core) == 1 or (contract.name == "purchases" and "supplier" not in match.picks)
    if alone and called < 0.4 and "name" not in match.picks:
        match.score = 0.0
    if not _grain(match):
        match.missing.append(f"a column that is different in each row ({', '.join(contract.key)})")
    return match


def _called(table: Table) -> str:
    """What a source is called: its table, sheet or file."""
    entry = table.source.entry
    return str(entry.get("table") or entry.get("sheet") or table.name)


def _grain(match: Match) -> bool:
    """Whether a row of the source is a row of the table: a master has each key once, a document too."""
    name = match.table.name
    if name not in (*_MASTERS, *_DOCUMENTS) or match.table.key[0] not in match.picks:
        return True
    column = match.picks[match.table.key[0]][0].column
    return column.unique or (name in _DOCUMENTS and column.distinct >= 0.9 * max(1, column.filled))


def _places(table: Table, tables: dict[str, Table], joins: list[Join]) -> list[Place]:
    """The columns a table has, and those of the tables that its documents' numbers lead to."""
    places = [Place(table.name, column) for column in table.columns.values() if column.filled]
    seen = {table.name}
    for join in joins:
        if (
            join.table != table.name
            or join.other in seen
            or tables[join.other].source.view
            or join.share < 0.9
        ):
            continue
        header = max(name_score(join.column, meanings()[name]) for name in _HEADERS) >= 0.85
        if header and tables[join.other].rows <= table.rows:
            seen.add(join.other)
            places += [
                Place(join.other, column, join)
                for column in tables[join.other].columns.values()
                if column.filled and column.name != join.key
            ]
    return places


def _score(contract: ContractTable, column: Column, place: Place, table: Table) -> float:
    """How well a column of a source stands for a column of the contract, 0 to 1."""
    meaning = meaning_of(contract.name, column.name)
    fits = _fits(column, meaning.kind, place.column)
    if not fits:
        return 0.0
    named = name_score(
        place.column.name, meaning, _called(table) if place.table == table.name else place.table
    )
    bare = plain(place.column.name) in (
        "id",
        "no",
        "nr",
        "code",
        "key",
        "number",
        "nummer",
        "codigo",
        "codice",
        "numero",
    )
    if bare and column.name in contract.key[:1] and called_score(_called(table), contract.name) >= 0.6:
        named = max(named, 0.9)  # "No." in a list of customers is the customer's.
    score = named * fits
    if column.name == "entry" and place.column.unique and table.rows > 20:
        score *= 0.7  # An entry has several lines: what is different in each numbers the lines.
    if place.join is not None:
        # What a line says itself goes before what its document says of all lines.
        score *= 0.93 if column.type in ("date", "month", "id", "text") else 0.3
    if not column.optional and place.column.filled < 0.5 * table.rows and place.join is None:
        score *= 0.8
    return round(score, 4)


def _fits(column: Column, kind: str, profile: Profile) -> float:
    """Whether values of this form can be what is meant, 0 to 1."""
    found, form = profile.kind, profile.form
    if found == "empty":
        return 0.0
    if column.type == "month":
        if found == "month":
            return 0.6 if form.form == "fiscal year" else 1.0
        return 0.9 if found == "date" else 0.0
    if column.type in ("date", "time"):
        return {"date": 1.0, "month": 0.6 if form.form != "fiscal year" else 0.0}.get(found, 0.0)
    if column.type in ("money", "quantity", "rate", "integer"):
        if found == "month" and profile.type != "VARCHAR":
            return 0.5
        if found != "number":
            return 0.0
        return _number_fits(column, profile)
    if column.type == "boolean":
        return 1.0 if found == "boolean" else 0.8 if profile.distinct <= 2 else 0.0
    if column.type == "id":
        if found == "number":
            return 1.0 if form.whole else 0.0
        return {"code": 1.0, "text": 0.85, "month": 0.7, "currency": 0.5, "boolean": 0.3, "flag": 0.5}.get(
            found, 0.0
        )
    if column.name == "currency":
        return 1.0 if found == "currency" else 0.3 if found == "code" else 0.0
    if column.one_of or column.name in ("version", "kind", "segment", "family", "line"):
        return {"date": 0.0, "month": 0.6}.get(found, 1.0)
    return {"code": 1.0, "text": 1.0, "currency": 0.6, "boolean": 0.3, "flag": 0.5, "number": 0.15}.get(
        found, 0.0
    )


def _number_fits(column: Column, profile: Profile) -> float:
    if column.type == "integer":
        scale = {"nps": 10, "csat": 5}.get(column.name, 10**9)
        return 1.0 if profile.form.whole and profile.least >= 0 and profile.most <= scale else 0.0
    if column.name in ("discount", "ownership"):
        return 1.0 if profile.least >= 0 and profile.most <= 1 else 0.4 if profile.most <= 100 else 0.0
    if column.type == "money" and profile.form.zeros:
        return 0.3  # Amounts do not begin with a zero, numbers of documents do.
    if column.type == "money" and profile.form.whole and profile.unique and profile.distinct > 50:
        return 0.6
    return 1.0


def _make(match: Match, places: list[Place], called: float) -> None:
    """Columns that none stands for alone: debit less credit, amount and sign, price × quantity."""
    table, picks = match.table.name, match.picks

    def best(meaning: str, kinds: tuple[str, ...], least: float = 0.75) -> Place | None:
        scored = [
            (name_score(p.column.name, meanings()[meaning]), p) for p in places if p.column.kind in kinds
        ]
        score, place = max(scored, key=lambda pair: pair[0], default=(0.0, None))
        return place if score >= least else None

    for name in ("amount", "flow", "closing"):
        if table not in ("journal", "balances", "budget") or name not in match.table.columns:
            continue
        debit, credit = best("debit", ("number",)), best("credit", ("number",))
        if debit and credit and debit is not credit and name != "closing":
            match.made[name] = {"debit": debit, "credit": credit}
            picks.pop(name, None)
        elif name in picks:
            flag = best("indicator", ("flag", "code"))
            flags = [place for place in places if place.column.kind == "flag"]
            # Amounts without a sign, and one column of S and H: it can mean nothing else.
            if flag is None and picks[name][0].column.least >= 0 and len(flags) == 1:
                flag = flags[0]
            if flag and flag.column.distinct <= 4:
                match.made[name] = {"amount": picks[name][0], "flag": flag}
    if "month" in match.table.columns and picks.get("month", (None, 0.0))[1] < LIKELY:
        year, period = best("year", ("number",)), best("period", ("number",))
        if year and period and year is not period and 1 <= period.column.least <= period.column.most <= 16:
            match.made["month"] = {"year": year, "period": period}
            picks.pop("month", None)
    if (
        table == "stock"
        and "value" not in picks
        and "quantity" in picks
        and (cost := best("unit_cost", ("number",)))
    ):
        match.made["value"] = {"price": cost, "quantity": picks["quantity"][0]}
    if table == "deliveries" and "amount" not in picks and "quantity" in picks:
        price, discount = best("price", ("number",)), best("discount", ("number",))
        if price:
            made = {"price": price, "quantity": picks["quantity"][0]}
            if discount and discount.column.most <= 1 and discount.column.least >= 0:
                made["discount"] = discount
            match.made["amount"] = made
    _guess(match, places, called)


def _guess(match: Match, places: list[Place], called: float) -> None:
    """Where the file's name says what it is, the only date in it is the date, the only amount the amount."""
    if called < 0.85:
        return
    own = [place for place in places if place.join is None]
    used = {id(place.column) for place, _ in match.picks.values()}
    date = match.table.date
    dates = [place for place in own if place.column.kind == "date"]
    if date and date not in match.picks and date not in match.made and len(dates) == 1:
        match.picks[date] = (dates[0], 0.5)
    amount = match.table.amount
    numbers = [
        p for p in own if p.column.kind == "number" and not p.column.form.whole and id(p.column) not in used
    ]
    if date and amount and amount not in match.picks and amount not in match.made and len(numbers) == 1:
        match.picks[amount] = (numbers[0], 0.5)


def assign(scores: list[list[float]]) -> list[int | None]:
    """For each row the column it gets, each column at most once, so that the sum of scores is the largest.

    The Hungarian method with potentials (Kuhn, Munkres), rows times columns squared.
    """
    if not scores or not scores[0]:
        return [None] * len(scores)
    rows, columns = len(scores), max(len(scores), len(scores[0]))
    cost = [[-value for value in row] + [0.0] * (columns - len(row)) for row in scores]
    over, under = [0.0] * (rows + 1), [0.0] * (columns + 1)
    owner, way = [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        owner[0], at = row, 0
        least, done = [float("inf")] * (columns + 1), [False] * (columns + 1)
        while True:
            done[at] = True
            here, delta, following = owner[at], float("inf"), 0
            for column in range(1, columns + 1):
                if done[column]:
                    continue
                reduced = cost[here - 1][column - 1] - over[here] - under[column]
                if reduced < least[column]:
                    least[column], way[column] = reduced, at
                if least[column] < delta:
                    delta, following = least[column], column
            for column in range(columns + 1):
                if done[column]:
                    over[owner[column]] += delta
                    under[column] -= delta
                else:
                    least[column] -= delta
            at = following
            if owner[at] == 0:
                break
        while at:
            owner[at] = owner[way[at]]
            at = way[at]
    found: list[int | None] = [None] * rows
    for column in range(1, columns + 1):
        if owner[column] and column <= len(scores[0]):
            found[owner[column] - 1] = column - 1
    return found
