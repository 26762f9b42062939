"""KPIs: what they are (catalogue), what they come to (values), where from (trace), where they conflict.

Frames in, frames out: everything here is of use in a notebook without the rest of the toolkit.
"""

from .entries import Catalogue, Kpi, accumulates, catalogue, catalogue_of
from .peers import PEER_COLUMNS, beside_peers
from .results import COLUMNS, MATERIALITY, Conflicts, conflicts, values
from .tracing import Trace, source_rows, trace

__all__ = [
    "COLUMNS",
    "MATERIALITY",
    "PEER_COLUMNS",
    "Catalogue",
    "Conflicts",
    "Kpi",
    "Trace",
    "accumulates",
    "beside_peers",
    "catalogue",
    "catalogue_of",
    "conflicts",
    "source_rows",
    "trace",
    "values",
]
