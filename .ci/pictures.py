"""The documentation's pictures, made anew: every chart of the gallery, and pages as a browser shows them.

python .ci/pictures.py           all of them; the pages need Chromium
python .ci/pictures.py charts    docs/charts and docs/charts.md alone
"""

from __future__ import annotations

import ast
import inspect
import io
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
UNIT = "NORTH"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# File → page, window, and its scale; a phone's pixels are small.
SHOTS = {
    "report": (f"2025-11/{UNIT}/monthly_scorecard.html", (1240, 1640), 1),
    "index": ("index.html", (1240, 760), 1),
    "phone": (f"2025-11/{UNIT}/monthly_scorecard.html", (390, 844), 2),
}


def write_charts() -> None:
    """docs/charts/NAME.png for every chart of the gallery, and docs/charts.md, which shows them."""
    import matplotlib as mpl

    mpl.use("agg")
    from docs.gallery import GALLERY, picture

    folder = DOCS / "charts"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        if old.stem not in GALLERY:
            old.unlink()
    drawn = {name: draw() for name, draw in GALLERY.items()}
    for name, ax in drawn.items():
        (folder / f"{name}.png").write_bytes(picture(ax))
    (DOCS / "charts.md").write_text(charts_page(drawn), encoding="utf-8")


def charts_page(drawn: dict[str, Any]) -> str:
    """docs/charts.md: each chart with its picture, when to use it, and the call that draws it."""
    from docs.gallery import GALLERY
    from finops_toolkit.charts.words import alt_text

    parts = [
        "# Charts",
        "Every chart takes a frame, and an `ax` if you have one, and returns the axes. "
        "Black is what happened, grey the year before, an outline the plan, hatching the forecast. "
        "Green and orange are good and bad for the business, and a sign says so too. "
        "The pictures are made by `make pictures`; "
        "[the calls with their figures](gallery) are Python to copy.",
    ]
    for name, draw in GALLERY.items():
        words = " ".join(alt_text(drawn[name]).split()).replace("[", "(").replace("]", ")")
        first = (inspect.getdoc(draw) or "").split("\n\n")[0].replace("\n", " ")
        title = name.replace("_", " ").replace("kpi", "KPI")
        parts += [f"## {title[:1].upper()}{title[1:]}", first]
        parts += [f"![{words}](charts/{name}.png)", f"```python\n{call(draw)}\n```"]
    return "\n\n".join(parts) + "\n"


def call(draw: Callable[[], Any]) -> str:
    """The call of finops_toolkit.charts in a function of the gallery, as it is written there."""
    from finops_toolkit import charts

    source = textwrap.dedent(inspect.getsource(draw))
    for node in ast.walk(ast.parse(source)):
        named = getattr(node, "func", None)
        if getattr(named, "attr", getattr(named, "id", "")) in charts.__all__:
            return _tidy((ast.get_source_segment(source, node, padded=True) or "").splitlines())
    raise ValueError(f"{draw.__name__} calls no chart")


def _tidy(lines: list[str]) -> str:
    """Source lines moved to the left, so that the closing bracket stands at the margin."""
    margin = len(lines[-1]) - len(lines[-1].lstrip()) if len(lines) > 1 else 0
    return "\n".join([lines[0].strip(), *(line[margin:] for line in lines[1:])])


def write_pages() -> None:
    """The README's pictures: a report and the index on a desktop, and the report on a phone."""
    from playwright.sync_api import sync_playwright

    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    path = os.environ.get("FINOPS_CHROMIUM") or found
    if path is None:
        raise SystemExit("The pages need Chromium (Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        command = [sys.executable, "-m", "finops_toolkit.cli", "report", "--out", name]
        subprocess.run(command, check=True)
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for target, (page, (width, height), scale) in SHOTS.items():
            view = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
            view.goto((Path(name) / page).as_uri())
            (DOCS / f"{target}.png").write_bytes(smaller(view.screenshot()))
        browser.close()


def smaller(png: bytes) -> bytes:
    """The picture in 256 colours: a page has no more that matter."""
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def main(words: list[str]) -> int:
    """See the top of this file."""
    sys.path.insert(0, str(ROOT))
    write_charts()
    if words != ["charts"]:
        write_pages()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
