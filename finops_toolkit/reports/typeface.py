"""The typeface of pages: the one of the charts, cut down to common letters and carried in the page itself."""

from __future__ import annotations

import base64
import io
from functools import cache
from pathlib import Path

_FONTS = Path(__file__).resolve().parent.parent / "fonts"
_WEIGHTS = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}
# European letters, punctuation, arrows and signs; other letters come from the reader's own typefaces.
_LETTERS = (range(0x20, 0x180), range(0x2010, 0x2060), range(0x2190, 0x2194), (0x20AC, 0x2212, 0x394, 0x2248))


@cache
def font_faces() -> str:
    """CSS that brings the typeface along as "Page"; the same bytes every time."""
    return "".join(
        f"@font-face {{ font-family: Page; font-weight: {weight}; "
        f"src: url(data:font/woff;base64,{base64.b64encode(_cut(name)).decode()}); }}\n"
        for weight, name in _WEIGHTS.items()
    )


def _cut(name: str) -> bytes:
    """A font with those letters and what numbers in columns need, compressed as WOFF."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    font = TTFont(_FONTS / name, recalcTimestamp=False)
    options = Options(layout_features=["kern", "tnum", "lnum", "ccmp", "mark", "locl"], hinting=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[letter for part in _LETTERS for letter in part])
    subsetter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
