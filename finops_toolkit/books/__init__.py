"""Facts in: the contract, opening, checking, reconciliation and the monthly panel."""

from typing import Any

_NAMES = {
    "open_books": "books",
    "Books": "books",
    "Finding": "finding",
    "Panel": "panel",
    "load_contract": "contract",
}
__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    """Import on first use: the contract is read without an engine."""
    from importlib import import_module

    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_NAMES[name]}", __name__), name)
