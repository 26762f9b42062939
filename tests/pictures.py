"""Two pictures of a chart compared: fonts and hinting are no difference; other data, colours, words are.

A picture knows where its words are (the gallery stores that in the PNG; a fresh figure can be asked). What is
drawn, outside those boxes, must be the same to a pixel. Within a box only the mean shade counts: letters may
look otherwise, but nothing else may stand there. Which words there are is compared as text.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable

import numpy as np
from PIL import Image

Boxes = Iterable[tuple[int, int, int, int]]  # left, top, right, bottom, in pixels

SHIFT = 1  # pixels by which what is drawn may move: rounding
USUAL = 880  # pixels across: what follows is for such a picture, and more for a finer one
LETTERS = 3  # pixels beside a box that its letters may reach
SHADE = 0.22  # by how much the mean of a colour's channel may differ: between what is drawn
INK = 0.14  # and between the letters of two fonts
FEWEST = 6  # pixels that make a difference


def differences(one: bytes, other: bytes, boxes: Boxes | None = None) -> list[str]:
    """What differs between two PNGs, in sentences; nothing where only fonts do.

    `boxes` are the places of words, for pictures that do not say so themselves.
    """
    (first, said), (second, told) = _read(one), _read(other)
    if first.shape != second.shape:
        sizes = [f"{wide} × {tall}" for tall, wide in (first.shape[:2], second.shape[:2])]
        return [f"The sizes are {sizes[0]} and {sizes[1]} pixels."]
    found = []
    if said is not None and told is not None:
        texts, others = (Counter(str(row[0]) for row in rows) for rows in (said, told))
        found += [f"The words “{text}” are gone." for text in sorted(texts - others)]
        found += [f"The words “{text}” are new." for text in sorted(others - texts)]
    places = [tuple(row[1:]) for row in (*(said or ()), *(told or ()))] if boxes is None else list(boxes)
    letters = np.zeros(first.shape[:2], dtype=bool)
    more = max(1, round(first.shape[1] / USUAL))
    for left, top, right, bottom in places:
        part = (_span(top, bottom, more), _span(left, right, LETTERS * more))
        letters[part] = True
        apart = np.abs(first[part].mean(axis=(0, 1)) - second[part].mean(axis=(0, 1)))
        if apart.size and apart.max() > INK:
            found.append(f"Something else stands at the words at ({left}, {top}) to ({right}, {bottom}).")
    rows, columns = _unlike(first, second, letters)
    if len(rows) >= FEWEST:
        found.append(
            f"{len(rows)} pixels differ within ({columns.min()}, {rows.min()}) to "
            f"({columns.max()}, {rows.max()})."
        )
    return found


def _read(png: bytes) -> tuple[np.ndarray, list | None]:
    """The pixels from 0 to 1 (height × width × 3), and the words with their boxes where the picture says."""
    with Image.open(io.BytesIO(png)) as picture:
        words = picture.info.get("Words")
        pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return pixels, None if words is None else json.loads(words)


def _span(low: int, high: int, more: int) -> slice:
    return slice(max(0, low - more), max(0, high + more))


def _unlike(first: np.ndarray, second: np.ndarray, letters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels of either that the other has nothing like at or beside their place."""
    rows, columns = np.nonzero((np.abs(first - second).max(axis=2) > SHADE) & ~letters)
    near = _near(first, second, rows, columns) & _near(second, first, rows, columns)
    return rows[~near], columns[~near]


def _near(first: np.ndarray, second: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    padded = np.pad(second, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    near = np.zeros(len(rows), dtype=bool)
    for down in range(2 * SHIFT + 1):
        for right in range(2 * SHIFT + 1):
            beside = padded[rows + down, columns + right]
            near |= np.abs(first[rows, columns] - beside).max(axis=1) <= SHADE
    return near
