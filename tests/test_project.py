"""The project itself: the lock and its copies agree, importing is cheap, the command line answers at once."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import finops_toolkit

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"duckdb", "ibis", "IPython", "matplotlib", "numpy", "pandas", "papermill", "pyarrow", "seaborn"}


def read(name: str) -> str:
    """The text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def lock() -> ModuleType:
    """The generator of the lock and of environment.yml."""
    spec = importlib.util.spec_from_file_location("project_lock", ROOT / ".ci" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def project() -> dict:
    """pyproject.toml."""
    return tomllib.loads(read("pyproject.toml"))


def test_lock_is_of_these_dependencies(lock: ModuleType) -> None:
    """The lock was made from the dependencies that pyproject.toml has now; if not: make lock."""
    assert read("requirements.lock").startswith(lock.header(read("pyproject.toml")))


def test_engines_go_with_the_lock(lock: ModuleType, project: dict) -> None:
    """engines.lock is of the same dependencies, pins each of its group, with hashes, and no other."""
    text = read("engines.lock")
    assert text.startswith(lock.header(read("pyproject.toml")))
    pinned = {canonicalize_name(name) for name, _, _ in lock.pins(text)}
    assert not pinned & {canonicalize_name(name) for name, _, _ in lock.pins(read("requirements.lock"))}
    asked = {canonicalize_name(Requirement(one).name) for one in project["dependency-groups"]["engines"]}
    assert asked <= pinned
    assert text.count("--hash=sha256:") >= len(pinned) and "://" not in text


def test_fingerprint_sees_dependencies_only(lock: ModuleType) -> None:
    """A changed dependency outdates the lock, a changed line length does not."""
    text = read("pyproject.toml")

    assert lock.fingerprint(text) == lock.fingerprint(text.replace("line-length = 110", "line-length = 99"))
    for old, new in (("pandas>=3", "pandas>=4"), ("hatchling>=", "hatchling>"), (">=3.11", ">=3.12")):
        assert lock.fingerprint(text) != lock.fingerprint(text.replace(old, new)), old


def test_environment_is_of_this_lock(lock: ModuleType) -> None:
    """environment.yml is what the generator makes from the lock; if not: make lock."""
    assert read("environment.yml") == lock.environment(read("requirements.lock"))


def test_conda_and_pip_get_the_same_versions() -> None:
    """environment.yml, read by YAML, and the lock, read by packaging, name the same versions and markers."""
    listed = yaml.safe_load(read("environment.yml"))["dependencies"][-1]["pip"]
    in_lock = {line.rstrip("\\ ") for line in read("requirements.lock").splitlines() if line[:1].isalnum()}

    assert listed[-1] == "-e ."
    assert {str(Requirement(line)) for line in listed[:-1]} == {str(Requirement(line)) for line in in_lock}


def test_conda_python_is_allowed(project: dict) -> None:
    """The Python that conda installs satisfies requires-python, from conda-forge only."""
    environment = yaml.safe_load(read("environment.yml"))
    python = environment["dependencies"][0].removeprefix("python=")

    assert set(environment["channels"]) == {"conda-forge", "nodefaults"}
    assert Requirement("x" + project["project"]["requires-python"]).specifier.contains(python)


def test_every_requirement_is_pinned(project: dict) -> None:
    """Each direct requirement, of the package, its development and its build, has a pin that satisfies it."""
    pins = [
        Requirement(line.rstrip("\\ "))
        for line in read("requirements.lock").splitlines()
        if line[:1].isalnum()
    ]
    pinned = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    asked += project["build-system"]["requires"]

    wrong = [
        text
        for text in asked
        if not (wanted := Requirement(text)).specifier.contains(
            Version(pinned.get(canonicalize_name(wanted.name), "0")), prereleases=True
        )
    ]
    assert wrong == []
    assert len(pinned) == len(pins), "a name is pinned once, for every platform"


def test_every_import_is_required(project: dict) -> None:
    """What the package imports, pyproject.toml requires: nothing is there only because another brings it."""
    required = {canonicalize_name(Requirement(text).name) for text in project["project"]["dependencies"]}
    for extra in project["project"]["optional-dependencies"].values():
        required |= {canonicalize_name(Requirement(text).name) for text in extra}
    imported = set()
    for path in (ROOT / "finops_toolkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"finops_toolkit"}
    owners = packages_distributions()

    missing = [
        name
        for name in foreign
        if not {canonicalize_name(owner) for owner in owners.get(name, [name])} & required
    ]
    assert missing == []


def test_every_pin_has_hashes_and_no_address() -> None:
    """Each pin of the lock carries sha256 hashes; neither the lock nor environment.yml names an index."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", read("requirements.lock"))[1:]

    assert [
        entry.split()[0] for entry in entries if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)
    ] == []
    for name in ("requirements.lock", "environment.yml"):
        assert not re.search(r"://|--(extra-)?index-url|--find-links|(^|\s)@\s", read(name)), name


def test_version_is_said_once(project: dict) -> None:
    """The package, pyproject.toml, the citation and the changelog agree on the version."""
    version = project["project"]["version"]

    assert finops_toolkit.__version__ == version
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert f"## [{version}]" in read("CHANGELOG.md")


def test_every_make_target_explains_itself() -> None:
    """Each target has its line in `make help`, and README.md names it with its way without make."""
    targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)

    assert targets == re.findall(r"^([a-z]+):.*?## \S", read("Makefile"), re.MULTILINE)
    assert {"help", "report", "test", "prove", "lab", "bench", "lock", "clean"} <= set(targets)
    assert [name for name in targets if f"`make {name}`" not in read("README.md")] == []


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running `code`."""
    code += "\nimport sys; print('\\nloaded', *{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.rpartition("\nloaded ")[2].split())


def test_import_is_cheap() -> None:
    """`import finops_toolkit` loads none of the libraries, and dir() tells its names without them."""
    loaded = loaded_by("import finops_toolkit as f; assert 'open_books' in dir(f)")

    assert loaded & HEAVY == set()


def test_help_is_cheap() -> None:
    """`finops --help` loads nothing heavy: that is what keeps it under 0.3 s on any machine."""
    loaded = loaded_by(
        "from finops_toolkit.cli import main\n"
        "try:\n    assert not main(['--help'])\n"
        "except SystemExit as end:\n    assert not end.code"
    )

    assert loaded & HEAVY == set()


def test_lazy_names_are_there() -> None:
    """Every public name of the package can be had; an unknown one is an AttributeError that names them."""
    for name in finops_toolkit.__all__:
        assert getattr(finops_toolkit, name) is not None, name
    with pytest.raises(AttributeError, match="open_books"):
        _ = finops_toolkit.no_such_name
    assert len(read("finops_toolkit/__init__.py").splitlines()) <= 40
