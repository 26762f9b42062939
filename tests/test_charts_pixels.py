"""How charts become pixels: the measures of their words, and pictures that are small and look the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from PIL import Image

from finops_toolkit.charts.layout import FAMILY, text_width
from finops_toolkit.charts.style import register_fonts
from finops_toolkit.display import with_few_colours

LETTERS = "abcfijltoTAVWYwy,.-–−%€$▲▼äßéłž()[]/&'’\"×·½0123456789 \u00a0\u202f"
WORDS = ["office", "affluent", "fjord", "AVA To, Ty.", "Δ margin µ", "日本 ft", "1/2", "tt fi fl"]


@pytest.mark.parametrize("bold", [False, True])
def test_a_text_is_as_wide_as_matplotlib_draws_it(bold):
    """Adding the steps from letter to letter gives the width of the whole line, kerning and ligatures too."""
    register_fonts()
    chance = random.Random(7)
    texts = ["".join(chance.choices(LETTERS, k=chance.randint(1, 25))) for _ in range(300)]
    texts += [" ".join(chance.sample(WORDS, 3)) for _ in range(50)]
    font = FontProperties(family=list(FAMILY), weight="bold" if bold else "normal", size=9.0)

    for text in (text for text in texts if text.strip()):
        outline = TextPath((0, 0), text.replace("$", r"\$"), prop=font)
        assert text_width(text, 9.0, bold) == 1.05 * outline.vertices[:, 0].max(), text


def edges() -> np.ndarray:
    """White, with a green area and a ramp of many shades from white to it: RGB, 60 × 200."""
    green = np.array([0, 128, 83])
    pixels = np.full((60, 200, 3), 255)
    pixels[:20, :150] = green
    shares = np.linspace(0, 1, 200)[:, None]
    pixels[40] = np.round(255 * (1 - shares) + green * shares)
    return pixels.astype(np.uint8)


def test_a_small_picture_keeps_its_areas_and_shifts_its_shades_by_no_more_than_eight():
    """Colours of areas are the notation and stay exact; shades at edges move by at most half a step."""
    pixels = edges()
    small = with_few_colours(Image.fromarray(pixels))

    seen = np.asarray(small.convert("RGB"))
    assert small.mode == "P"
    assert (seen[:20, :150] == [0, 128, 83]).all()
    assert (seen[20:40] == 255).all()
    assert np.abs(seen.astype(int) - pixels).max() <= 8


def test_a_picture_of_more_colours_than_a_palette_holds_gets_the_nearest():
    """A photograph or a smooth map of colours, a user's own, still becomes a picture."""
    across, down = np.meshgrid(np.arange(256), np.arange(256))
    pixels = np.dstack([across, down, (across + down) // 2]).astype(np.uint8)
    small = with_few_colours(Image.fromarray(pixels))

    assert small.mode == "P"
    assert np.abs(np.asarray(small.convert("RGB")).astype(int) - pixels).mean() < 12
