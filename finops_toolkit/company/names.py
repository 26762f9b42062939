"""Names for customers: made up, and never twice."""

from __future__ import annotations

_FIRST = (
    "Brandt", "Kessel", "Moreau", "Lindqvist", "Ferrante", "Hollis", "Novak", "Okafor", "Petrov", "Alvarez",
    "Sundberg", "Tanaka", "Whitlock", "Zeman", "Carrow", "Dufresne", "Esposito", "Falk", "Grady", "Hartmann",
    "Ibsen", "Janssen", "Kowal", "Lachance", "Mirren", "Norrby", "Orlando", "Pascoe", "Quist", "Rossi",
    "Salvatore", "Thorne", "Ullman", "Varga", "Wexford", "Yilmaz", "Adair", "Bremer", "Calder", "Denholm",
)  # fmt: skip
_SECOND = (
    "Water Works", "Process Plants", "Fluid Systems", "Heating", "Supply", "Industrial Trade", "Pipework",
    "Energy", "Chemicals", "Food Machinery", "District Heating", "Installations",
)  # fmt: skip


def customer_names(count: int, division: int) -> list[str]:
    """So many different names: first words change fastest, and a number follows when all are used."""
    out = []
    for i in range(count):
        first = _FIRST[i % len(_FIRST)]
        second = _SECOND[(i // len(_FIRST) + i % len(_FIRST) * 5) % len(_SECOND)]
        again = i // (len(_FIRST) * len(_SECOND))
        suffix = f" {again + 1}" if again else ""
        out.append(f"{first} {second}{suffix}" + (f" ({division + 1})" if division else ""))
    return out
