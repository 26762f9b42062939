"""Formulas: read as text, never executed, and computed exactly where they can be."""

import contextlib
import re
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finops_toolkit.kpis import formulas
from finops_toolkit.kpis.evaluation import Cells, evaluate, holds, plain
from finops_toolkit.kpis.formulas import (
    MAX_DEPTH,
    MAX_LENGTH,
    Call,
    FormulaError,
    Name,
    Number,
    Product,
    Sum,
    names_used,
    parse,
    parse_condition,
    text_of,
)

SCALE = 10_000
NAMES = ("revenue", "cogs", "days", "a1", "_x")


def trees(functions: bool = True) -> st.SearchStrategy:
    """Trees such as a formula's text can give."""
    leaves = st.one_of(
        st.sampled_from(NAMES).map(Name),
        st.from_regex(r"[0-9]{1,6}(\.[0-9]{1,3})?", fullmatch=True).map(Number),
    )

    def grow(inner: st.SearchStrategy) -> st.SearchStrategy:
        kinds = [
            st.lists(st.tuples(st.sampled_from((1, -1)), inner), min_size=2, max_size=3).map(
                lambda terms: Sum(((1, terms[0][1]), *terms[1:]))
            ),
            inner.map(lambda one: Sum(((-1, one),))),
            st.lists(st.tuples(st.sampled_from("*/"), inner), min_size=2, max_size=3).map(
                lambda factors: Product((("*", factors[0][1]), *factors[1:]))
            ),
        ]
        if functions:
            kinds.append(
                st.tuples(st.sampled_from(("average", "ending", "prior_year", "change")), inner).map(
                    lambda call: Call(call[0], (call[1],))
                )
            )
        return st.one_of(kinds)

    return st.recursive(leaves, grow, max_leaves=6)


class Given:
    """Named arrays as a formula's source; not positive denominators are reason 1 and 2."""

    def __init__(self, values):
        self.values = values

    def look_up(self, name, when, back):
        """The named array."""
        return Cells(np.asarray(self.values[name]), np.asarray(0))

    def not_positive(self, denominator, back):
        """Reason 1 for zero, 2 for below."""
        return 1, 2


@given(trees())
def test_a_tree_written_and_read_again_is_the_same(tree):
    """Reading the text of a tree gives the tree: brackets stand wherever they change the meaning."""
    assert parse(text_of(tree)) == tree


@given(st.text(max_size=200))
def test_any_text_is_a_formula_or_refused(text):
    """Whatever is typed gives a tree or a FormulaError, and nothing else."""
    try:
        tree = parse(text)
    except FormulaError:
        return
    assert parse(text_of(tree)) == tree


@given(st.text(alphabet="abc_()+-*/<=., 0123456789'\"[]{}:", max_size=MAX_LENGTH))
@settings(max_examples=300)
def test_text_close_to_formulas_is_read_or_refused(text):
    """Also text made of a formula's own letters only ever gives a tree or a FormulaError."""
    for read in (parse, parse_condition):
        with contextlib.suppress(FormulaError):
            read(text)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')", "revenue.__class__", "lambda: 1", "[x for x in y]", "a if b else c",
        "open(a)", "exec(a)", "eval(a)", "a; b", "a = 1", "f'{a}'", "a, b", "a @ b", "1e400", "0x10", "a[0]",
        "~a", "a**9", "",
    ],
)  # fmt: skip
def test_code_is_no_formula(text):
    """Nothing that a programming language could execute is read as a formula."""
    with pytest.raises(FormulaError):
        parse(text)


def test_the_reader_never_hands_text_to_an_interpreter():
    """The module has no way to execute text."""
    source = Path(formulas.__file__).read_text(encoding="utf-8")

    assert not re.findall(r"(?<![.\w])(eval|exec|compile|getattr|__import__)\(", source)


@pytest.mark.parametrize(
    "text", ["(" * 400 + "a" + ")" * 400, "average(" * 100 + "a" + ")" * 100, "-(" * 300 + "a"]
)
def test_depth_is_limited(text):
    """Brackets inside each other end at MAX_DEPTH, with the limit named."""
    with pytest.raises(FormulaError, match=str(MAX_DEPTH)):
        parse(text)


def test_length_is_limited_and_long_formulas_are_quick():
    """The longest formula allowed is read and computed at once; a longer one is refused."""
    longest = "a" + "+a" * (MAX_LENGTH // 2 - 1)
    start = time.perf_counter()
    cells = evaluate(parse(longest), Given({"a": np.array([SCALE])}))

    assert time.perf_counter() - start < 0.5
    assert cells.data.tolist() == [SCALE * (MAX_LENGTH // 2)]
    with pytest.raises(FormulaError, match=str(MAX_LENGTH)):
        parse(longest + "+aaaa")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("revenue cogs", "'cogs' found where the formula should end"),
        ("revenue -", "ends where"),
        ("(revenue", "')' expected"),
        ("median(revenue + 1)", "names of measures"),
        ("mean(revenue)", "no function 'mean'"),
        ("average(a, b)", "takes 1"),
        ("revenue # 2", "'#' has no meaning"),
    ],
)
def test_an_error_says_what_is_wrong(text, told):
    """A formula that cannot be read is quoted, with what is wrong or expected."""
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert told in caught.value.message
    assert text.split()[0] in caught.value.message


def test_typographic_signs_are_read():
    """× · ÷ − mean * * / -."""
    assert parse("(a − b) ÷ c × 2") == parse("(a - b) / c * 2")


def test_names_come_in_order():
    """The names of a formula come once each, in the order of appearance."""
    assert names_used(parse("b / (a + b) * average(c)")) == ["b", "a", "c"]


amounts = st.integers(-(10**12), 10**12)


@given(trees(functions=False), st.fixed_dictionaries(dict.fromkeys(NAMES, amounts)))
@settings(max_examples=300)
def test_values_equal_exact_arithmetic(tree, figures):
    """A value is what fractions give; where a denominator is not positive there is a reason instead."""

    class NotPositive(Exception):
        pass

    def exact(node):
        if isinstance(node, Number):
            return Fraction(node.text)
        if isinstance(node, Name):
            return Fraction(figures[node.name], SCALE)
        if isinstance(node, Sum):
            return sum(sign * exact(term) for sign, term in node.terms)
        result = Fraction(1)
        for sign, factor in node.factors:
            value = exact(factor)
            if sign == "/" and value <= 0:
                raise NotPositive
            result = result * value if sign == "*" else result / value
        return result

    def size(node):
        """How large the parts of a sum get: what cancels leaves a double's rounding of them."""
        if isinstance(node, Sum):
            return sum(size(term) for _, term in node.terms)
        if isinstance(node, Product):
            total = Fraction(1)
            for sign, factor in node.factors:
                total = total * size(factor) if sign == "*" else total * size(factor) / exact(factor) ** 2
            return total
        return abs(exact(node))

    cells = evaluate(tree, Given({name: np.array([amount]) for name, amount in figures.items()}))
    try:
        expected = exact(tree)
    except NotPositive:
        assert int(np.max(cells.why)) in (1, 2)
        return
    if int(np.max(cells.why)):
        # Only a denominator that cancels to nearly nothing may look like nothing in doubles.
        assert size(tree) > 10**6
        return
    got = float(np.ravel(plain(cells.data))[0])
    assert abs(Fraction(got) - expected) <= Fraction(1, 10**9) * max(size(tree), 1)


@given(st.lists(st.tuples(st.sampled_from((1, -1)), amounts, st.integers(1, 1000)), min_size=1, max_size=6))
def test_sums_are_exact_to_the_ten_thousandth(terms):
    """Sums, differences and products with whole numbers stay integers, however odd the cents."""
    names = {f"m{n}": amount for n, (_, amount, _) in enumerate(terms)}
    text = "".join(f" {'+' if sign > 0 else '-'} {times} * m{n}" for n, (sign, _, times) in enumerate(terms))
    cells = evaluate(parse("0" + text), Given({name: np.array([amount]) for name, amount in names.items()}))

    assert cells.data.dtype == np.int64
    assert int(cells.data[0]) == sum(sign * amount * times for sign, amount, times in terms)


def test_a_sum_beyond_64_bits_turns_to_doubles():
    """Figures too large for exact integers are computed in doubles: large, never wrapped around."""
    big = np.array([4 * 10**18])
    cells = evaluate(parse("a + a + a"), Given({"a": big}))

    assert plain(cells.data)[0] == pytest.approx(12 * 10**14)
    for times in (10_000, 1_000_000):
        product = evaluate(parse(f"{times} * a"), Given({"a": big}))
        assert plain(product.data)[0] == pytest.approx(times * 4 * 10**14)


def test_denominators_of_zero_and_below_have_different_reasons():
    """Zero and negative denominators give no value; each has its own reason, the first one wins."""
    values = {"a": np.array([SCALE, SCALE, SCALE]), "b": np.array([0, -SCALE, 2 * SCALE])}
    cells = evaluate(parse("a / b + a / b"), Given(values))

    assert cells.why.tolist() == [1, 2, 0]
    assert plain(cells.data)[2] == 1.0
    assert not np.isinf(cells.data).any()


def test_conditions_hold_only_where_both_sides_have_a_value():
    """A condition on something undefined is not met."""
    values = {"a": np.array([SCALE, SCALE, -SCALE]), "b": np.array([0, SCALE, SCALE])}

    assert holds(parse_condition("a / b <= 0"), Given(values)).tolist() == [False, False, True]
    assert holds(parse_condition("a < 0.5"), Given(values)).tolist() == [False, False, True]


def test_constants_keep_their_decimals():
    """0.1 + 0.2 of a currency unit is 0.3, to the ten-thousandth."""
    cells = evaluate(parse("0.1 + 0.2"), Given({}))

    assert Decimal(int(cells.data)) / SCALE == Decimal("0.3")
