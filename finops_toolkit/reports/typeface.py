"""The typeface of pages: the one of the charts, cut down to common letters and carried in the page itself.

.ci/typeface.py cuts it.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "fonts"
WEIGHTS = {400: "page-regular.woff", 700: "page-bold.woff"}


@cache
def font_faces() -> str:
    """CSS that brings the typeface along as "Page"."""
    return "".join(
        f"@font-face {{ font-family: Page; font-weight: {weight}; "
        f"src: url(data:font/woff;base64,{base64.b64encode((FONTS / name).read_bytes()).decode()}); }}\n"
        for weight, name in WEIGHTS.items()
    )
