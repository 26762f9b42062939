"""Make requirements.lock and engines.lock from pyproject.toml, and environment.yml from the first.

    python .ci/lock.py                 all files; keeps every pin that still fits (needs uv)
    python .ci/lock.py --upgrade       all files, with the newest versions that fit (needs uv)
    python .ci/lock.py --environment   environment.yml only, from the lock as it is (needs nothing)

The lock holds names, versions and hashes for Python 3.11 to 3.14 on Linux, macOS and Windows, and no
addresses, so that it installs from any index or mirror. environment.yml holds the same versions without the
hashes, because pip refuses `-e .` beside a hashed list: conda gives Python and pip, pip gives the rest.
engines.lock holds what the tests of database engines need beyond it: half a gigabyte that reports do without.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "3.13"  # what conda and Binder get; the lock itself fits 3.11 to 3.14
RESOLVE = [
    *("pip", "compile", "pyproject.toml", "--group", "dev"),
    *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--generate-hashes"),
    *("--no-annotate", "--no-header", "--no-emit-index-url", "--quiet"),
]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))?(?= \\$|$)")


def requirements(project: dict[str, Any]) -> dict[str, Any]:
    """The part of pyproject.toml that the lock is made from."""
    return {
        "build-system.requires": project["build-system"]["requires"],
        "project.requires-python": project["project"]["requires-python"],
        "project.dependencies": project["project"]["dependencies"],
        "dependency-groups": project["dependency-groups"],
    }


def fingerprint(pyproject: str) -> str:
    """sha256 of that part, so that an edit elsewhere in pyproject.toml leaves the lock valid."""
    canonical = json.dumps(requirements(tomllib.loads(pyproject)), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def header(pyproject: str) -> str:
    """The first two lines of the lock."""
    return (
        "# Made by `make lock` from pyproject.toml: do not edit. Names, versions and hashes, no addresses.\n"
        f"# dependencies sha256: {fingerprint(pyproject)}\n"
    )


def pins(lock: str) -> list[tuple[str, str, str | None]]:
    """(name, version, marker or None) of each pin, in the order of the lock."""
    matches = (PIN.match(line) for line in lock.splitlines() if not line.startswith((" ", "#")))
    return [(found["name"], found["version"], found["marker"]) for found in matches if found]


def environment(lock: str) -> str:
    """The text of environment.yml for the text of a lock."""
    lines = [
        "# Made by `make lock` from requirements.lock: do not edit. The same versions, for conda and Binder.",
        "name: finops-toolkit",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={PYTHON}",
        "  - pip",
        "  - pip:",
    ]
    for name, version, marker in pins(lock):
        pin = f"{name}=={version}"
        # A marker holds quotes, so the whole goes into a YAML string of double quotes.
        lines.append(f'      - "{pin} ; {marker}"' if marker else f"      - {pin}")
    return "\n".join([*lines, "      - -e .", ""])


def resolve(pyproject: str, upgrade: bool) -> str:
    """The text of a new lock; uv reads the present one and keeps its pins unless `upgrade`."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        sys.exit("uv is not found. Install it (pip install uv) or name it: UV=/path/to/uv make lock")
    target = ROOT / "requirements.lock.new"
    try:
        shutil.copyfile(ROOT / "requirements.lock", target)
        options = ["--output-file", target.name] + (["--upgrade"] if upgrade else [])
        if subprocess.run([uv, *RESOLVE, *options], cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
            sys.exit("uv could not resolve pyproject.toml (reason above); requirements.lock stays as it was.")
        body = target.read_text(encoding="utf-8")
    finally:
        target.unlink(missing_ok=True)
    return header(pyproject) + "".join(f"{line}\n" for line in body.splitlines() if not line.startswith("#"))


def resolve_engines(pyproject: str, lock: str) -> str:
    """The text of engines.lock: what the group `engines` needs beyond the lock, going with it."""
    target = ROOT / "engines.lock.new"
    uv = os.environ.get("UV") or shutil.which("uv") or "uv"
    words = [uv, *RESOLVE, "--group", "engines", "--constraints", "requirements.lock"]
    try:
        shutil.copyfile(ROOT / "requirements.lock", target)
        words += ["--output-file", target.name]
        if subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
            sys.exit("uv could not resolve the engines (reason above); engines.lock stays as it was.")
        entries = re.split(r"\n(?=[A-Za-z0-9])", "\n" + target.read_text(encoding="utf-8"))[1:]
    finally:
        target.unlink(missing_ok=True)
    held = {name for name, _, _ in pins(lock)}
    beyond = [entry for entry in entries if re.split(r"[=\[ ]", entry, maxsplit=1)[0] not in held]
    return header(pyproject) + "".join(f"{entry.rstrip()}\n" for entry in beyond)


def main() -> None:
    """Write what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environment", action="store_true", help="environment.yml only")
    parser.add_argument("--upgrade", action="store_true", help="the newest versions that fit")
    options = parser.parse_args()
    lock_file = ROOT / "requirements.lock"
    if not options.environment:
        pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        lock_file.write_text(resolve(pyproject, options.upgrade), encoding="utf-8", newline="\n")
    lock = lock_file.read_text(encoding="utf-8")
    (ROOT / "environment.yml").write_text(environment(lock), encoding="utf-8", newline="\n")
    print(f"{len(pins(lock))} pins in requirements.lock and environment.yml")
    if not options.environment:
        engines = resolve_engines(pyproject, lock)
        (ROOT / "engines.lock").write_text(engines, encoding="utf-8", newline="\n")
        print(f"{len(pins(engines))} more in engines.lock")


if __name__ == "__main__":
    main()
