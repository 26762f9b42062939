"""Cut the typeface of the charts down to what pages carry: python .ci/typeface.py

European letters, punctuation, arrows and signs in two weights, as WOFF beside the fonts themselves. Other
letters come from the reader's own typefaces. Cutting takes half a second, so the result is stored.
"""

from __future__ import annotations

import io
from pathlib import Path

from finops_toolkit.reports.typeface import FONTS, WEIGHTS

LETTERS = (range(0x20, 0x180), range(0x2010, 0x2060), range(0x2190, 0x2194), (0x20AC, 0x2212, 0x394, 0x2248))
SOURCES = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}


def cut(name: str) -> bytes:
    """A font with those letters and what numbers in columns need, compressed as WOFF."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(FONTS / name, recalcTimestamp=False)
    options = Options(layout_features=["kern", "tnum", "lnum", "ccmp", "mark", "locl"], hinting=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[letter for part in LETTERS for letter in part])
    subsetter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


def main() -> None:
    """Write the fonts of pages."""
    for weight, name in WEIGHTS.items():
        Path(FONTS, name).write_bytes(cut(SOURCES[weight]))


if __name__ == "__main__":
    main()
