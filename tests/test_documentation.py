"""What the documentation shows is made by a command, and it is what the command makes now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from docs.gallery import GALLERY

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_of_charts_is_the_gallery() -> None:
    """docs/charts.md has each chart with its picture, its words, when to use it and its call."""
    spec = importlib.util.spec_from_file_location("pictures_command", ROOT / ".ci" / "pictures.py")
    assert spec is not None and spec.loader is not None
    command = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(command)
    page = command.charts_page({name: draw() for name, draw in GALLERY.items()})

    assert page == (ROOT / "docs" / "charts.md").read_text(encoding="utf-8"), "make pictures makes it anew"
    for name in GALLERY:
        assert re.search(rf"!\[[^\]]{{40,}}\]\(charts/{name}\.png\)", page)
        assert (ROOT / "docs" / "charts" / f"{name}.png").is_file()


def test_every_picture_of_the_readme_is_there_and_told() -> None:
    """Pictures in the README exist and have a text for those who cannot see them."""
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert len(pictures) >= 1
    assert [place for words, place in pictures if len(words) < 40 or not (ROOT / place).is_file()] == []
