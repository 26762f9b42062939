"""KPI formulas: read as text, kept as a tree. Nothing in a formula is ever executed; evaluation computes.

    expression = term { ("+" | "-") term }
    term       = factor { ("*" | "/") factor }
    factor     = [ "-" ] ( number | name | function "(" expression ")" | "(" expression ")" )
    condition  = expression ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) expression

Signs that people type (× · ÷ −) are read as * * / -. A formula is at most MAX_LENGTH characters long and
MAX_DEPTH brackets deep, so that reading one takes bounded time and memory whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ..errors import UsageError

MAX_LENGTH = 1_000
MAX_DEPTH = 12

BALANCE_FUNCTIONS = ("ending", "opening", "average", "change")
SPREAD_FUNCTIONS = {"median": 0.5, "p90": 0.9}
ARGUMENTS = {
    **dict.fromkeys(BALANCE_FUNCTIONS, 1),
    **dict.fromkeys(SPREAD_FUNCTIONS, 1),
    "prior_year": 1,
    "countback": 2,
}
COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")


class FormulaError(UsageError):
    """A formula that cannot be read."""


@dataclass(frozen=True)
class Number:
    """A number as written."""

    text: str

    @property
    def value(self) -> Decimal:
        """The number, exactly."""
        return Decimal(self.text)


@dataclass(frozen=True)
class Name:
    """A measure, an assumption, another KPI, `days` or `months`."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function of one expression (of two names for `countback`)."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Sum:
    """Terms with their signs, +1 or -1."""

    terms: tuple[tuple[int, Node], ...]


@dataclass(frozen=True)
class Product:
    """Factors from left to right; the first one's sign is always "*"."""

    factors: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Comparison:
    """A condition: left, sign, right."""

    sign: str
    left: Node
    right: Node


Node = Number | Name | Call | Sum | Product

LENGTHS = (Name("days"), Name("months"))

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign><=|>=|==|!=|[-+*/(),<>]))"
)
_TYPED_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">="})


class _Reader:
    """Tokens of one formula and the place reached."""

    def __init__(self, text: str):
        if not isinstance(text, str):
            raise FormulaError(f"a formula is a text, not {text!r}")
        if len(text) > MAX_LENGTH:
            raise FormulaError(f"the formula has {len(text)} characters; at most {MAX_LENGTH} are allowed")
        self.text = text.translate(_TYPED_SIGNS).strip()
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while place < len(self.text):
            found = _TOKEN.match(self.text, place)
            if found is None:
                wrong = self.text[place:].lstrip()[0]
                raise FormulaError(
                    f"formula {text!r}: {wrong!r} has no meaning here; allowed are names, numbers, "
                    f"+ - * / ( ) and the functions {', '.join(sorted(ARGUMENTS))}"
                )
            kind = found.lastgroup or ""
            self.tokens.append((kind, found.group(kind), found.start(kind)))
            place = found.end()
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self.wrong("it ends where a name, a number or a bracket should follow")
        kind, token, _ = self.tokens[self.at]
        self.at += 1
        return kind, token

    def expect(self, token: str) -> None:
        if self.peek() != token:
            raise self.wrong(f"{token!r} expected, {self.peek() or 'the end'!r} found")
        self.at += 1

    def wrong(self, what: str) -> FormulaError:
        place = self.tokens[self.at][2] + 1 if self.at < len(self.tokens) else len(self.text) + 1
        return FormulaError(f"formula {self.text!r}, character {place}: {what}")

    def expression(self) -> Node:
        terms = [(1, self.term())]
        while self.peek() in ("+", "-"):
            terms.append((1 if self.take()[1] == "+" else -1, self.term()))
        return terms[0][1] if len(terms) == 1 else Sum(tuple(terms))

    def term(self) -> Node:
        factors = [("*", self.factor())]
        while self.peek() in ("*", "/"):
            factors.append((self.take()[1], self.factor()))
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def factor(self) -> Node:
        if self.peek() == "-":
            self.at += 1
            return Sum(((-1, self.primary()),))
        return self.primary()

    def primary(self) -> Node:
        kind, token = self.take()
        if kind == "number":
            return Number(token)
        if kind == "name" and self.peek() == "(":
            return self.call(token)
        if kind == "name":
            return Name(token)
        if token == "(":
            return self.bracket()
        self.at -= 1
        raise self.wrong(f"{token!r} found where a name, a number or a bracket should stand")

    def bracket(self) -> Node:
        self.deeper()
        inner = self.expression()
        self.expect(")")
        self.depth -= 1
        return inner

    def call(self, function: str) -> Node:
        if function not in ARGUMENTS:
            self.at -= 1
            raise self.wrong(f"there is no function {function!r}; allowed are {', '.join(sorted(ARGUMENTS))}")
        self.expect("(")
        self.deeper()
        arguments = [self.expression()]
        while self.peek() == ",":
            self.at += 1
            arguments.append(self.expression())
        self.expect(")")
        self.depth -= 1
        if len(arguments) != ARGUMENTS[function]:
            raise self.wrong(f"{function} takes {ARGUMENTS[function]} argument(s), {len(arguments)} given")
        if function in (*SPREAD_FUNCTIONS, "countback") and not all(
            isinstance(one, Name) for one in arguments
        ):
            raise self.wrong(f"{function} takes names of measures only")
        return Call(function, tuple(arguments))

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(f"more than {MAX_DEPTH} brackets inside each other")

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self.wrong(f"{self.peek()!r} found where the formula should end")


def parse(text: str) -> Node:
    """The tree of a formula.

    Raises FormulaError, which names the place and what is allowed, for a text that is not a formula.

    >>> text_of(parse("(revenue − cogs) ÷ revenue"))
    '(revenue - cogs) / revenue'
    """
    reader = _Reader(text)
    tree = reader.expression()
    reader.end()
    return tree


def parse_condition(text: str) -> Comparison:
    """The tree of a condition such as `average(equity) <= 0`. Raises FormulaError like `parse`."""
    reader = _Reader(text)
    left = reader.expression()
    if reader.peek() not in COMPARISONS:
        raise reader.wrong(f"a condition compares two expressions with one of {' '.join(COMPARISONS)}")
    sign = reader.take()[1]
    right = reader.expression()
    reader.end()
    return Comparison(sign, left, right)


def text_of(tree: Node | Comparison) -> str:
    """A tree as text; `parse` of that text gives the same tree again."""
    if isinstance(tree, Comparison):
        return f"{text_of(tree.left)} {tree.sign} {text_of(tree.right)}"
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, Name):
        return tree.name
    if isinstance(tree, Call):
        return f"{tree.function}({', '.join(text_of(one) for one in tree.arguments)})"
    if isinstance(tree, Product):
        first, *rest = tree.factors
        return _inside(first[1]) + "".join(f" {sign} {_inside(node)}" for sign, node in rest)
    signed = tree.terms
    if len(signed) == 1:
        return f"-{_bracketed(signed[0][1]) if isinstance(signed[0][1], Sum) else _inside(signed[0][1])}"
    first_term = _bracketed(signed[0][1]) if _is_sum(signed[0][1]) else text_of(signed[0][1])
    return first_term + "".join(
        f" {'+' if sign > 0 else '-'} {_bracketed(node) if _is_sum(node) else text_of(node)}"
        for sign, node in signed[1:]
    )


def _inside(tree: Node) -> str:
    """A tree as a factor: bracketed where leaving the brackets out would change the meaning."""
    return _bracketed(tree) if isinstance(tree, Product) or _is_sum(tree) else text_of(tree)


def _is_sum(tree: Node) -> bool:
    return isinstance(tree, Sum) and len(tree.terms) > 1


def _bracketed(tree: Node) -> str:
    return f"({text_of(tree)})"


def walk(tree: Node | Comparison, function: str = "") -> Iterator[tuple[Node, str]]:
    """Every node with the function that stands directly around it ("" for none), from left to right."""
    if isinstance(tree, Comparison):
        yield from walk(tree.left)
        yield from walk(tree.right)
        return
    yield tree, function
    if isinstance(tree, Call):
        for one in tree.arguments:
            yield from walk(one, tree.function)
    elif isinstance(tree, Sum):
        for _, node in tree.terms:
            yield from walk(node, function)
    elif isinstance(tree, Product):
        for _, node in tree.factors:
            yield from walk(node, function)


def names_used(tree: Node | Comparison) -> list[str]:
    """The names in a tree, each once, in the order in which they appear."""
    return list(dict.fromkeys(node.name for node, _ in walk(tree) if isinstance(node, Name)))


def denominators(tree: Node) -> list[Node]:
    """What a tree divides by; numbers and the length of the period, never zero, are left out."""
    return [
        factor
        for node, _ in walk(tree)
        if isinstance(node, Product)
        for sign, factor in node.factors
        if sign == "/" and not isinstance(factor, Number) and factor not in LENGTHS
    ]
