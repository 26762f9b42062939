"""Charts of structure: bars, bullets, bridges, cards, tornados, heat maps."""

from __future__ import annotations

CHARTS: tuple = ()
