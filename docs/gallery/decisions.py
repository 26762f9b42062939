"""Charts of decisions: driver trees, timelines, portfolio maps."""

from __future__ import annotations

CHARTS: tuple = ()
