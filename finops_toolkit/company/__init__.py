"""The generated company: an event-level simulation of a manufacturer and its books."""

from __future__ import annotations

from .simulation import simulate
from .writing import write_company

__all__ = ["simulate", "write_company"]
