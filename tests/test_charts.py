"""Charts: one palette that all can read, one unit for all labels, words for those who cannot see them."""

from __future__ import annotations

import io
import itertools
import json

import numpy as np
import pandas as pd
import pytest
from chart_cases import CASES, DRAW
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from finops_toolkit import charts, display
from finops_toolkit.charts import style
from finops_toolkit.charts.seen import contrast, luminance, see
from finops_toolkit.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
ORDINARY = CASES["twelve"]
KINDS = [kind for kind in DRAW if "," not in kind]
# How people see who lack one kind of cones: Machado, Oliveira, Fernandes, "A physiologically-based model for
# simulation of color vision deficiency" (IEEE TVCG 15, 2009), severity 1.0, on linear RGB.
SIGHT = {
    "all colours": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                         [0.004733, 0.691367, 0.303900]]),
    "gray": np.array([[0.2126, 0.7152, 0.0722]] * 3),
}  # fmt: skip
COLOURS = {"good": style.GOOD, "bad": style.BAD, "actual": style.ACTUAL, "guide": style.GUIDE,
           "last year": style.LAST_YEAR}  # fmt: skip
# About six times what is seen as another colour at all (2.3), so that two are not taken for each other.
APART = 15


def linear(colour: str) -> np.ndarray:
    """A colour's red, green and blue as light."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIELAB of linear sRGB, D65."""
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
    share = to_xyz @ light / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one: str, other: str, sight: str) -> float:
    """How unlike two colours look to someone with that sight (ΔE 1976)."""
    first, second = (lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1)) for colour in (one, other))
    return float(np.linalg.norm(first - second))


def test_the_arithmetic_of_colours_is_right() -> None:
    """Black on white has contrast 21; a published pair in CIELAB; gray stays gray to everyone."""
    assert contrast(luminance("black"), luminance("white")) == pytest.approx(21)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    for matrix in SIGHT.values():
        assert matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_colours_can_be_read_on_white() -> None:
    """Written at 4.5:1, drawn at 3:1."""
    white = luminance("white")
    written = [style.TEXT, style.QUIET, style.GOOD, style.BAD, style.GUIDE]

    assert min(contrast(luminance(colour), white) for colour in written) >= 4.5
    assert min(contrast(luminance(c), white) for c in (style.ACTUAL, style.LAST_YEAR, style.OUTLINE)) >= 3
    assert contrast(luminance(style.ACTUAL), white) >= 4.5  # white labels stand on it


@pytest.mark.parametrize("sight", [sight for sight in SIGHT if sight != "gray"])
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(COLOURS, 2)))
def test_colours_differ_for_everyone(one: str, other: str, sight: str) -> None:
    """Good, bad, actual, guide and last year are told apart with and without red, green and blue cones."""
    assert apart(COLOURS[one], COLOURS[other], sight) >= APART


def test_good_and_bad_differ_in_gray() -> None:
    """In black-and-white print bad is the darker one; the sign beside it says it, too (rule "colour")."""
    lightness = [lab(SIGHT["gray"] @ linear(colour))[0] for colour in (style.GOOD, style.BAD)]

    assert lightness[0] - lightness[1] >= 8


def shades(kind: str) -> np.ndarray:
    """The lightness (L*, 0 to 100) of the pixels within a bar of this scenario, printed in gray."""
    ax = Figure(figsize=(2, 2), dpi=110).add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    with style.house_style():
        ax.bar([0], [1], width=1, **style.SCENARIOS[kind])
    pixels = see(ax).pixels[20:-20, 20:-20].reshape(-1, 3)
    values, counts = np.unique(pixels, axis=0, return_counts=True)
    lights = [lab(SIGHT["gray"] @ linear("#" + bytes(value.astype(np.uint8)).hex()))[0] for value in values]
    return np.repeat(lights, counts)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(style.SCENARIOS, 2)))
def test_scenarios_differ_in_gray(one: str, other: str) -> None:
    """Actual, last year, budget and forecast differ by lightness or by hatching, without colour."""
    first, second = shades(one), shades(other)

    assert abs(first.mean() - second.mean()) >= 20 or abs(first.std() - second.std()) >= 15


def test_outlined_scenarios_have_an_edge() -> None:
    """What is filled white is seen by its outline."""
    for fill in style.SCENARIOS.values():
        edge = contrast(luminance(fill["edgecolor"]), luminance("white"))
        assert luminance(fill["facecolor"]) < 0.35 or (edge >= 3 and fill["linewidth"] >= 0.75)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_returns_its_axes_and_speaks(kind: str) -> None:
    """The axes come back, nothing is kept in pyplot; who, the message and figures are in its words."""
    import matplotlib.pyplot as plt

    ax = DRAW[kind](ORDINARY)
    words = charts.alt_text(ax.get_figure(root=True))

    assert isinstance(ax, Axes)
    assert plt.get_fignums() == []
    assert "Plant North" in words and "fell short by 6 %" in words
    assert sum(letter.isdigit() for letter in words) > 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_figures_give_the_same_bytes(kind: str) -> None:
    """No chance and no date is in a chart: its PNG is the same whenever it is made."""
    images = []
    for _ in range(2):
        buffer = io.BytesIO()
        DRAW[kind](ORDINARY).get_figure(root=True).savefig(buffer, format="png", metadata={"Software": None})
        images.append(buffer.getvalue())

    assert images[0] == images[1]
    assert b"tIME" not in images[0]


def test_the_callers_settings_stay_as_they_are() -> None:
    """The house's style holds while a chart is drawn, and no longer."""
    import matplotlib as mpl

    before = {key: value for key, value in mpl.rcParams.copy().items() if key != "backend"}
    DRAW["columns_with_plan"](ORDINARY)

    assert {key: mpl.rcParams[key] for key in before} == before


def test_every_text_is_in_a_font_of_ours() -> None:
    """The bundled font comes first, so that a chart looks the same on every machine."""
    from matplotlib.text import Text

    figure = DRAW["columns_with_plan"](ORDINARY).get_figure(root=True)

    assert {text.get_fontfamily()[0] for text in figure.findobj(Text) if text.get_text()} == {style.FAMILY[0]}


def test_text_from_data_is_no_formula() -> None:
    """A "$" in a name is written as it is."""
    ax = DRAW["bars_with_variance"](CASES["names"])

    assert not any(words.artist.get_parse_math() and "$" in words.text for words in see(ax).words)


def test_missing_columns_are_named_and_nothing_is_not_drawn() -> None:
    """One error names all that is missing; an empty frame is an error, not an empty picture."""
    shares = pd.DataFrame({"name": ["OTIF"], "attainment": [0.93], "value_text": ["88 %"]})
    with pytest.raises(UsageError, match="attainment and value_text"):
        charts.bullet(shares[["name"]])
    with pytest.raises(UsageError, match="nothing to draw"):
        charts.bullet(shares.iloc[:0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.24e6, 3e4], ("1.24", "0.03", "m")), ([84_300, 120], ("84", "0", "k")),
     ([12.5, 3], ("12.5", "3.0", "")), ([2.1e9], ("2.10", "2.10", "b")), ([0, 0], ("0", "0", ""))],
)  # fmt: skip
def test_one_unit_for_all_labels(values: list[float], expected: tuple[str, str, str]) -> None:
    """The largest value decides the unit and the decimals of all labels."""
    scale = style.scale_for(values)

    assert (scale.label(values[0]), scale.label(values[-1]), scale.letter) == expected


# --- in a notebook ---------------------------------------------------------------------------------


def shown(monkeypatch: pytest.MonkeyPatch, function, *args, **kwargs) -> list[tuple[dict, dict]]:
    """What a function of display hands to the notebook."""
    found: list[tuple[dict, dict]] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, metadata=None, raw=False: found.append((data, metadata))
    )
    function(*args, **kwargs)
    return found


def test_a_chart_is_shown_once_with_its_alternative_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """One small PNG, its words in the metadata and as plain text."""
    found = shown(monkeypatch, display.show, DRAW["bridge"](ORDINARY))

    data, metadata = found[0]
    assert [given for given, _ in found[1:] if "image/png" in given] == []
    assert {"image/png", "text/plain"} <= set(data)
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert len(data["image/png"]) < 120_000


def test_a_chart_without_words_is_refused() -> None:
    """No alternative text, no picture."""
    with pytest.raises(UsageError, match="no alternative text"):
        display.show_chart(charts.new_axes())


ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)> $\\href{javascript:1}{x}$"


def test_text_from_data_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names full of markup are shown as text, in sentences and in tables, and are no formulas."""
    frame = pd.DataFrame({ATTACK: [ATTACK], "n": [1234567.0]})
    for thing in (ATTACK, frame):
        html = shown(monkeypatch, display.show, thing)[0][0]["text/html"]
        assert "<script" not in html
        assert "<img" not in html
        assert "tex2jax_ignore" in html


def test_nothing_is_shown_for_an_empty_text_and_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty sentence leaves no paragraph; what cannot be shown is named."""
    assert shown(monkeypatch, display.show, "") == []
    with pytest.raises(UsageError, match="A dict cannot be shown"):
        display.show(json.loads("{}"))
