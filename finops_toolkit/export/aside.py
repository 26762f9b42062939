"""Files written aside and then put in place: what was there stays until the new one is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import UsageError
from ..reports.lock import locked


@contextmanager
def written_aside(place: Path) -> Iterator[Path]:
    """A path beside `place` to write a file or folder to; it takes the place when the block ends well.

    A killed export leaves what was there. A folder needs two renamings: killed between the two, it lies
    aside, and the next export puts it back first. Raises OSError, and UsageError while another writes there.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    aside, old, lock = (place.with_name(f".{place.name}.export{end}") for end in ("", ".old", ".lock"))
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock))
        except UsageError:
            raise UsageError(f"Another export is writing to {place}.", "Wait until it has ended.") from None
        stack.callback(lock.unlink, missing_ok=True)
        if old.exists() and not place.exists():
            old.rename(place)
        _remove(old)
        _remove(aside)
        # A folder of its own: engines put files of theirs beside the one they write.
        aside.mkdir()
        stack.callback(_remove, aside)
        new = aside / place.name
        yield new
        _onto_disk(new)
        if place.is_dir():
            place.rename(old)
            new.rename(place)
            _remove(old)
        else:
            os.replace(new, place)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _onto_disk(path: Path) -> None:
    """See files onto the disk before they take the place of good ones."""
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        with open(file, "rb+") as opened:
            os.fsync(opened.fileno())
