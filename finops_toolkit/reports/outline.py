"""What leads through a page: contents from its headings, and for what is wide a place to scroll."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import NamedTuple

# A body has only tags that we wrote ourselves, with every text and attribute escaped: this finds them all.
_PART = re.compile(
    r"<h(?P<level>[2-6])(?P<attributes>[^>]*)>(?P<heading>.*?)</h(?P=level)>"
    r'|<figure class="chart">(?P<image><img[^>]*>)'
    r"|<table\b[^>]*>(?=\s*(?:<caption[^>]*>(?P<caption>.*?)</caption>)?)|</table>",
    re.DOTALL,
)
_EMPTY_HEAD = re.compile(r"<th\b[^>]*>\s*</th>")
_TAKEN = ("content", "sources")  # the ids of the page around the body


class Entry(NamedTuple):
    """A line of the contents: the heading's level, the id it has on the page, and its text."""

    level: int
    id: str
    text: str


def outlined(body: str, title: str) -> tuple[str, list[Entry]]:
    """The body with an id at each heading, and each table and chart in a region that the keyboard can
    scroll; and its contents, from the headings below the first level. `title` names what stands under none.
    """
    entries: list[Entry] = []
    used: dict[str, int] = dict.fromkeys(_TAKEN, 1)
    labels: dict[str, int] = {}
    depth = 0

    def part(found: re.Match[str]) -> str:
        nonlocal depth
        if found["level"]:
            text = _plain(found["heading"]).replace("¶", "").strip()
            own = _once(re.sub(r"[^\w.-]+", "-", text).strip("-") or "part", used)
            entries.append(Entry(int(found["level"]), own, text))
            rest = re.sub(r'\sid="[^"]*"', "", found["attributes"])
            return f'<h{found["level"]} id="{escape(own)}"{rest}>{found["heading"]}</h{found["level"]}>'
        if found["image"]:
            return f'<figure class="chart">{region("Chart")}{found["image"]}</div>'
        depth += 1 if found[0] != "</table>" else -1
        if found[0] == "</table>":
            return found[0] + "</div>" * (depth == 0)
        return found[0] if depth > 1 else region("Table", _plain(found["caption"] or "")) + found[0]

    def region(kind: str, name: str = "") -> str:
        label = _once(f"{kind}: {name or (entries[-1].text if entries else title)}", labels, " ")
        return f'<div class="wide" role="region" tabindex="0" aria-label="{escape(label)}">'

    # A head without words is none; frames have such a corner.
    return _PART.sub(part, _EMPTY_HEAD.sub("<td></td>", body)), entries


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def _once(text: str, used: dict[str, int], gap: str = "-") -> str:
    """The text, with a number behind it where it was used before."""
    used[text] = used.get(text, 0) + 1
    return text if used[text] == 1 else _once(f"{text}{gap}{used[text]}", used, gap)
