"""Finance and operations on one set of books: KPIs, reports and a course.

Importing the package loads nothing else: each name below loads its module when it is first used, so that the
command line answers at once.
"""

__version__ = "0.1.0"

# Public name -> the module that has it. The one place to extend.
_HOME = {
    "FinopsError": "errors",
    "catalogue": "kpis",
    "open_books": "books",
    "parse_period": "periods",
    "trace": "kpis",
    "values": "kpis",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"finops_toolkit has no {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
