"""ARCHITECTURE.md is true: its map is the tree, and the tree keeps its rules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "finops_toolkit"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
LONGEST_MODULE, LONGEST_FUNCTION = 450, 60
WRITES = {
    *("write_text", "write_bytes", "mkdir", "makedirs", "touch", "unlink", "rmdir", "rmtree", "symlink_to"),
    *("copyfile", "copy2", "copytree", "to_parquet", "write_table", "ParquetWriter"),
    *("mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory"),
}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the page, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def dotted(path: Path) -> str:
    """finops_toolkit/books/panel.py -> books.panel; a package is named as its folder; the root is empty."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


FILES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
# room of the page -> (modules or folders it holds, rooms or modules it may import, whether it writes)
ROOMS = {
    room: (re.findall(r"`([\w.]+)`", holds), re.findall(r"[\w.]+", imports), writes.startswith("yes"))
    for room, holds, imports, writes in table("Rooms")
}


def room(module: str) -> str:
    """The room that a module is in, by the page."""
    return next((name for name, (holds, _, _) in ROOMS.items() if module.split(".")[0] in holds), "")


def imports(module: str, for_types: bool = True) -> set[str]:
    """The modules of the package that a module imports, wherever in it and however written.

    Without `for_types`, those that only a type checker sees are left out: they cannot go round in a circle.
    """
    package = module.split(".") if FILES[module].name == "__init__.py" else module.split(".")[:-1]
    unseen = {
        id(inner)
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(TREES[module]):
        if id(node) in unseen and not for_types:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE.name]
            found |= {name.removeprefix(PACKAGE.name).lstrip(".") for name in names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            elif (node.module or "").split(".")[0] == PACKAGE.name:
                base = (node.module or "").split(".")[1:]
            else:
                continue
            stem = ".".join(part for part in base if part)
            for alias in node.names:
                inner = f"{stem}.{alias.name}".strip(".")
                # The version is the one thing of the root that all may use.
                if stem or alias.name != "__version__":
                    found.add(inner if inner in FILES else stem)
    return found - {module}


def test_the_map_is_the_tree() -> None:
    """Every module is on the map with what it is for, and the map has no module that is not there."""
    listed = {name.strip("`"): text for name, text, _ in table("Modules")}

    assert sorted(listed) == sorted(path.relative_to(PACKAGE).as_posix() for path in FILES.values())
    assert [name for name, text in listed.items() if len(text) < 10] == []


def test_modules_keep_their_budget() -> None:
    """No module is longer than its budget, and no budget is more than one can read at a sitting."""
    budgets = {name.strip("`"): int(budget) for name, _, budget in table("Modules")}
    lengths = {name: len((PACKAGE / name).read_text(encoding="utf-8").splitlines()) for name in budgets}

    assert {name: (lengths[name], budgets[name]) for name in budgets if lengths[name] > budgets[name]} == {}
    assert [name for name, budget in budgets.items() if budget > LONGEST_MODULE] == []


def test_functions_are_short() -> None:
    """A function has at most 60 lines, its docstring aside."""
    long = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                if length > LONGEST_FUNCTION:
                    long[f"{module}.{node.name}"] = length

    assert long == {}


def test_every_module_has_a_room() -> None:
    """Each module belongs to one of the rooms of the page."""
    assert [module for module in FILES if module and not room(module)] == []


@pytest.mark.parametrize("module", [name for name in FILES if name])
def test_imports_go_one_way(module: str) -> None:
    """A module imports only what the page allows its room; its own folder is always allowed."""
    _, allowed, _ = ROOMS[room(module)]
    own = module.split(".")[0]

    wrong = [
        target
        for target in imports(module)
        if target.split(".")[0] != own and room(target) not in allowed and target not in allowed
    ]
    assert wrong == [], f"{module} may import {allowed}"


def test_there_is_no_cycle() -> None:
    """No module imports itself by way of others, inside functions included."""
    try:
        TopologicalSorter({module: imports(module, for_types=False) for module in FILES}).prepare()
    except CycleError as cycle:
        pytest.fail(" imports ".join(cycle.args[1]))


def written_mode(call: ast.Call) -> bool:
    """Whether open(…) opens to write."""
    given = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
    modes = [node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return any(re.fullmatch(r"[rwaxbt+]{1,3}", mode) and set(mode) & set("wax+") for mode in modes)


def test_few_rooms_write() -> None:
    """Only the rooms that the page names write files, as far as calls show it by their names."""
    writers = set()
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in WRITES or (name == "open" and written_mode(node)):
                    writers.add(module)

    assert {module for module in writers if not ROOMS[room(module)][2]} == set()


PROBE = """
import importlib, os, random, sys, threading, warnings
for name in sys.argv[2].split():
    importlib.import_module(name)
import duckdb, matplotlib, numpy
seen = []
def watch(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen.append(f"open {args[0]}")
    if event in ("os.mkdir", "os.remove", "os.rename", "subprocess.Popen", "os.fork", "os.putenv",
                 "_thread.start_new_thread", "sqlite3.connect") or event.startswith("socket."):
        seen.append(f"{event} {args}")
def refuse(*args, **kwargs):
    seen.append("duckdb.connect")
duckdb.connect = refuse
sys.addaudithook(watch)
def state():
    return (dict(matplotlib.rcParams), list(warnings.filters), dict(os.environ), random.getstate(),
            numpy.random.get_state()[2], threading.active_count(), os.getcwd())
before = state()
for name in sys.argv[1].split():
    importlib.import_module(name)
if state() != before:
    seen.append("settings of the process changed")
print("\\n".join(seen))
"""


def test_nothing_acts_on_import(tmp_path: Path) -> None:
    """Importing every module writes no file, starts no thread, opens no connection, changes no setting."""
    ours = [f"{PACKAGE.name}.{name}".rstrip(".") for name in FILES if not name.endswith("__main__")]
    # What other libraries do when they are first imported is not ours to judge: they are there before.
    others = {"duckdb", "ibis", "matplotlib.pyplot", "numpy", "pandas"}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                others |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                others.add(node.module)
    installed = sorted(name for name in others if name.split(".")[0] != PACKAGE.name and find_spec(name))
    run = subprocess.run(
        [sys.executable, "-B", "-c", PROBE, " ".join(ours), " ".join(installed)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []
    assert list(tmp_path.iterdir()) == []
