"""The draft of an adapter: from a folder of exports to the files that map it, with what is to be asked."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..wording import counted, joined
from .accounts import UNMAPPED, Line
from .looking import Look, look
from .masters import accounts_of, listed_from_rows, root_of, units_text
from .matching import Match, matches
from .months import by_month
from .pages import held_in, profile_page, questions_page, readme_page, template
from .profiling import Table, joins, profile, profile_view
from .proposing import Proposal, Question, ask_about_rival, propose, with_parts
from .scenarios import split
from .statement_columns import by_account
from .trying import attempt, body, repeated_in
from .words import meanings, name_score
from .writing import accounts_text, rejected_text, shown_line, sql_text, toml_text, write
from .zeros import same_width

NO_CURRENCY = "XXX"  # the ISO code for none
STARTERS = (
    "units",
    "accounts",
    "journal",
    "products",
    "customers",
    "orders",
    "deliveries",
    "invoices",
    "suppliers",
    "purchases",
    "stock",
    "production",
    "budget",
)
_LARGE = 100  # rows from which a table that is not used is asked about


@dataclass
class Draft:
    """A draft as written: where, what was looked at, what is mapped, what is asked, which files were kept."""

    target: Path
    seen: Look
    tables: dict[str, Table] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)
    near: list[Match] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    chart: str = ""
    questions: list[Question] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def held(self) -> tuple[int, int]:
        """How many tables the files hold, and how many rows."""
        return held_in(self.tables.values())


def draft(target: Path, folder: Path, shown: Callable[[int, int], None] | None = None) -> Draft:
    """Look at `folder`, propose a mapping, write it to `target`. UsageError where there is nothing to map."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", "Give the folder that holds your exports: --from FOLDER.")
    if target.resolve() == folder.resolve() or folder.resolve() in target.resolve().parents:
        raise UsageError(
            f"{target} lies in the folder of the exports.",
            "Give a folder elsewhere: what is written there would be taken for an export next time.",
        )
    seen = look(folder)
    engine, tables = profile(seen, shown)
    if not tables and not seen.companyfacts:
        reasons = "; ".join(f"{name}: {why}" for name, why in seen.unread[:5])
        raise UsageError(
            f"{folder} holds no table that can be read{f' ({reasons})' if reasons else ''}.",
            "Put exports there: CSV or other text, Excel, Parquet, JSON, SQLite, zip or tar of these.",
        )
    made = Draft(target, seen, tables)
    _set_below(engine, made)
    found = joins(engine, tables)
    chosen, made.near = matches(tables, found)
    root = root_of(engine, chosen.get("units"))
    for name, match in chosen.items():
        proposal = propose(match, tables, root)
        budget = None
        if name in ("journal", "balances") and "budget" not in chosen:
            budget = split(engine, proposal, tables, found, root)
        for one in filter(None, (proposal, budget)):
            if _tried(engine, made, one):
                made.proposals[one.name] = one
        for other in match.also:
            _add_part(engine, made, proposal, propose(other, tables, root))
    same_width(engine, with_parts(made.proposals.values()))
    files = _files(engine, made, root, found, chosen)
    _, made.kept = write(target, files)
    return made


def _tried(engine: Any, made: Draft, proposal: Proposal) -> bool:
    """Whether a proposal gives rows; one that the engine refuses is left for a person."""
    try:
        return attempt(engine, proposal)
    except Exception as error:
        made.questions.append(
            Question(
                f"{proposal.match.main.name} looks like {proposal.name}, but no SELECT could be made of it: "
                f"{str(error).splitlines()[0][:150]}",
                "PROFILE.md",
                6,
            )
        )
        return False


def _add_part(engine: Any, made: Draft, proposal: Proposal, part: Proposal) -> None:
    """Put a source with the same columns below the first, unless its rows have keys that are there."""
    sound = proposal.name in made.proposals and not proposal.summed and _tried(engine, made, part)
    key = proposal.match.table.key
    if sound and not part.summed and not repeated_in(engine, [*with_parts([proposal]), part], key):
        proposal.also.append(part)
        proposal.ask(
            f"{part.match.main.name} ({part.match.main.rows:,} rows) has the columns of "
            f"{proposal.match.main.name}: both count, one below the other. Is that right?",
            5,
        )
    else:
        ask_about_rival(proposal, part.match.main)


def _set_below(engine: Any, made: Draft) -> None:
    """Tables with a column for each month, or each line of a statement, are looked at as rows, too."""
    for table in list(made.tables.values()):
        months = by_month(table)
        found = months or by_account(table)
        if found is None:
            continue
        if not found.sql:
            text = f"{table.name} has a column for each month, and no year: which year is it?"
            where = "the name of the file: put the year into it, and run finops new again"
            made.questions.append(Question(text, where, 8.5))
            continue
        each = "month" if months else "account"
        name = f"{table.name}_by_{each}"
        long = profile_view(engine, table, name, found.sql, each)
        long.counted, long.total, long.asked = found.counted, found.total, found.asked
        made.tables[name] = long


def blank(target: Path) -> list[str]:
    """An empty start: books.toml to fill in, and a SELECT to copy for each table people start with."""
    files = {
        "books.toml": toml_text({"name": target.resolve().name, "fiscal_year_start": 1}, {}, {})
        + '\n# How each file is read:\n# [sources.MyTable]\n# file = "orders.csv"\n# delimiter = ";"\n',
        "README.md": (
            "# A start without files\n\nNo exports were given. With them the work is less: "
            "`finops new DIR --from FOLDER`.\n\n1. In books.toml, name your files under [sources.…].\n"
            "2. Copy a SELECT from templates/ beside books.toml, and put your columns in.\n"
            "3. `finops check DIR --source FOLDER`, until it says usable.\n"
        ),
        **{f"templates/{name}.sql": template(name) for name in STARTERS},
    }
    return write(target, files)[0]


def _files(engine: Any, made: Draft, root: str, found: list[Any], chosen: dict[str, Match]) -> dict[str, str]:
    """All files of the draft by name; fills the questions on the way."""
    currency = _currency(engine, made)
    settings: dict[str, Any] = {"name": shown_line(made.target.resolve().name)}
    if currency:
        settings["currency"] = currency
    else:
        made.questions.append(
            Question("In which currency are the amounts?", 'books.toml: currency = "EUR", and units.sql', 5)
        )
    files: dict[str, str] = {}
    for name, proposal in made.proposals.items():
        if name not in ("units", "accounts"):
            files[f"{name}.sql"] = sql_text(proposal)
        if any(part.left for part in with_parts([proposal])) and name not in ("units", "accounts"):
            files[f"{name}.rejected.sql"] = rejected_text(proposal)
        made.questions += proposal.questions
        for left in proposal.left:
            if left.reason == "row of totals":
                where = f"{name}.sql and {name}.rejected.sql"
                name_of = proposal.match.main.name
                text = f"{counted(left.count, 'row')} of {name_of} left out: sums of others ({left.example})."
                made.questions.append(Question(text, where, 2))
    if made.proposals:
        files["units.sql"] = units_text(made.proposals, root, currency or NO_CURRENCY)
        for name, text in listed_from_rows(made.proposals).items():
            files[f"{name}.sql"] = text
            made.listed.append(name)
    if any(name in made.proposals for name in ("accounts", "journal", "balances", "budget")):
        files["accounts.sql"], made.lines, made.chart, money = accounts_of(engine, made.proposals)
        files["accounts.csv"] = accounts_text(made.lines)
        settings["account_map"] = "accounts.csv"
        _ask_about_accounts(made, money)
    _ask_about_signs(engine, made)
    _ask_about_short_rows(made)
    _ask_about_scenarios(made)
    _ask_about_rest(made)
    _ask_about_end(engine, made)
    entries = {
        source.name: (source.entry, source.notes)
        for source in made.seen.sources
        if _wanted(source.name, made, chosen)
    }
    files["books.toml"] = toml_text(settings, entries, _ties(made))
    made.questions = sorted(_asked_once(made.questions), key=lambda question: -question.weight)
    files["QUESTIONS.md"] = questions_page(made.questions)
    files["PROFILE.md"] = profile_page(made.seen, made.tables, found, chosen)
    check = f"finops check {shlex.quote(str(made.target))} --source {shlex.quote(str(made.seen.folder))}"
    files["README.md"] = readme_page(
        made.target.resolve().name, str(made.seen.folder), made.proposals, made.listed, made.near, check
    )
    return files


def _asked_once(questions: Iterable[Question]) -> Iterable[Question]:
    """Each question once: what several SELECTs ask is changed in each of them."""
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question.text, []).append(question)
    for text, same in found.items():
        yield Question(
            text, joined(dict.fromkeys(one.where for one in same)), max(one.weight for one in same)
        )


def _wanted(name: str, made: Draft, chosen: dict[str, Match]) -> bool:
    """Whether a source goes into books.toml: all tables but views that nothing uses."""
    if name in _used(made):
        return True
    table = made.tables[name]
    return (not table.source.view and len(made.tables) <= 60) or any(
        match.main.name == name for match in chosen.values()
    )


def _used(made: Draft) -> set[str]:
    parts = with_parts(made.proposals.values())
    used = {part.match.main.origin or part.match.main.name for part in parts}
    return used | {name for part in parts for name in part.aliases}


def _ties(made: Draft) -> dict[str, dict[str, Any]]:
    """What each table of facts must add up to."""
    ties: dict[str, dict[str, Any]] = {}
    for name, proposal in made.proposals.items():
        if not proposal.match.table.date or (name == "rates" and not proposal.summed):
            continue
        mains = [part.match.main for part in with_parts([proposal])]
        names = [main.origin or main.name for main in mains]
        ties[name] = {"from": names if len(names) > 1 else names[0]}
        if proposal.amount and name != "rates":
            bare = f"TRY_CAST({proposal.cells[proposal.amount].bare} AS DECIMAL(19, 4))"
            ties[name] |= {"amount": mains[0].total or bare, "column": proposal.amount}
    return ties


def _currency(engine: Any, made: Draft) -> str:
    """The currency that most rows are in; "" where none is seen."""
    votes: Counter[str] = Counter()
    for table in made.tables.values():
        for column in table.columns.values():
            if column.kind == "currency":
                rows = engine.execute(
                    f"SELECT TRIM({column.sql}), COUNT(*) FROM {table.name} GROUP BY 1 ORDER BY 2 DESC "
                    f"LIMIT 1"
                ).fetchall()
                votes[str(rows[0][0])] += rows[0][1]
    return next((name for name, _ in votes.most_common() if re.fullmatch("[A-Z]{3}", name)), "")


def _ask_about_accounts(made: Draft, money: dict[str, float]) -> None:
    unknown = sorted(
        (line for line in made.lines if line.line == UNMAPPED), key=lambda line: -money.get(line.account, 0)
    )
    if unknown:
        called = [
            line.name if line.name == line.account else f"{line.account} {line.name}" for line in unknown
        ]
        shown = ", ".join(one.strip()[:40] for one in called[:4])
        made.questions.append(
            Question(
                f"Accounts without a statement line: {len(unknown):,} of {len(made.lines):,} ({shown}"
                f"{' …' if len(unknown) > 4 else ''}). They show as unmapped. Where do they belong?",
                "accounts.csv, column line",
                10,
            )
        )
    guessed = [line for line in made.lines if line.line != UNMAPPED and line.why != "the source says it"]
    if guessed:
        by = f", and their numbers ({made.chart})" if made.chart else ""
        made.questions.append(
            Question(
                f"The statement lines of {counted(len(guessed), 'account')} are told from the names{by}. "
                f"Are they right?",
                "accounts.csv, column line",
                8,
            )
        )


def _ask_about_signs(engine: Any, made: Draft) -> None:
    """A ledger's debits and credits cancel out; where they do not, a sign may be hidden somewhere."""
    proposal = made.proposals.get("journal")
    if proposal is None:
        return
    total, size = engine.execute(
        f"SELECT SUM(TRY_CAST(amount AS DOUBLE)), SUM(ABS(TRY_CAST(amount AS DOUBLE))) FROM "
        f"({body(proposal, ['amount'])})"
    ).fetchall()[0]
    if size and abs(total) > 0.0001 * size:
        proposal_text = (
            f"The journal adds up to {total:,.2f}, not to 0. Do debits have the sign plus and credits minus? "
            "Is there a column that says which is which?"
        )
        made.questions.append(Question(proposal_text, "journal.sql, column amount", 9.5))


def _ask_about_short_rows(made: Draft) -> None:
    """A line that ends early may be cut, or broken in two."""
    for name in sorted(_used(made)):
        source = made.tables[name].source
        note = next((note for note in source.notes if "end early" in note), "")
        if "short_rows" in source.entry:
            text = f"In {source.shown} {note}. Is that so, or is the file cut, or a line broken in two?"
            made.questions.append(Question(text, f"books.toml: [sources.{name}] short_rows", 7.5))


def _ask_about_scenarios(made: Draft) -> None:
    """Actuals and budget in one file: added up they mean nothing."""
    for name in ("journal", "balances", "budget", "deliveries"):
        proposal, budget = made.proposals.get(name), made.proposals.get("budget")
        if proposal is None or "version" in proposal.match.picks:
            continue
        if budget is not None and budget.match.main is proposal.match.main:
            continue
        for column in proposal.match.main.columns.values():
            if 2 <= column.distinct <= 20 and name_score(column.name, meanings()["version"]) >= 0.85:
                shown = ", ".join(value[:20] for value in column.values[:4])
                made.questions.append(
                    Question(
                        f"{proposal.match.main.name} has a column {shown_line(column.name)} "
                        f"({shown_line(shown)}): are actuals and a budget "
                        "in one file? Then keep the actuals only, and make budget.sql of the others.",
                        f"{name}.sql: WHERE m.{shown_line(column.sql)} = …",
                        9.7,
                    )
                )


def _ask_about_rest(made: Draft) -> None:
    for match in made.near[:6]:
        made.questions.append(
            Question(
                f"{match.main.name} looks like {match.table.name}, but {joined(match.missing)} is "
                f"not found in it. "
                "Is it in another file?",
                f"write {match.table.name}.sql",
                6.5,
            )
        )
    used, near = _used(made), {match.main.name for match in made.near}
    near |= {name for proposal in made.proposals.values() for name in proposal.match.rivals}
    rest = [
        t
        for t in made.tables.values()
        if t.name not in used | near and not t.source.view and not t.origin and t.rows >= _LARGE
    ]
    for table in sorted(rest, key=lambda table: -table.rows)[:5]:
        made.questions.append(
            Question(
                f"{table.name} ({table.rows:,} rows) is not used. Does it hold something that belongs into "
                f"the books?",
                "PROFILE.md shows its columns",
                1,
            )
        )


def _ask_about_end(engine: Any, made: Draft) -> None:
    """The last month may not be over: where the data end before its last days, that is asked."""
    last = ""
    for proposal in made.proposals.values():
        date = proposal.match.table.date
        if date and date in proposal.cells and proposal.match.table.columns[date].type == "date":
            found = engine.execute(
                f"SELECT MAX(TRY_CAST({date} AS DATE)) FROM ({body(proposal, [date])})"
            ).fetchall()[0][0]
            last = max(last, str(found or "")[:10])
    if last and int(last[8:10]) < 26:
        made.questions.append(
            Question(
                f"The data end on {last}: is that month complete? If not, name the last month that is.",
                'books.toml: closed_through = "…"',
                4,
            )
        )
