"""Charts over time: columns, lines, control charts, fans, small multiples."""

from __future__ import annotations

CHARTS: tuple = ()
