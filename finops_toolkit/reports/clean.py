"""Everything on a page passes through here: only what is harmless and known comes out.

An allowlist over Python's HTML parser. The output is written anew from the parsed pieces, so every tag in it
is one of ours, every attribute is quoted and every text escaped; an unclosed tag of one fragment is closed,
so that it cannot swallow the next. The page's Content-Security-Policy stands behind this as a second wall.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser


def _words(text: str) -> list[str]:
    return text.split()


_TAGS = frozenset(
    _words(
        "a abbr article aside b blockquote br caption cite code col colgroup dd del details dfn div dl "
        "dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark meter nav "
        "ol p pre progress q s samp section small span strong style sub summary sup table tbody td tfoot "
        "th thead time tr u ul var wbr svg g path rect circle ellipse line polyline polygon text tspan "
        "title desc defs clippath lineargradient stop"
    )
)
_VOID = {"br", "col", "hr", "img", "wbr"}
# What stands between these is program or foreign text: it goes with its tags. All else keeps its text.
_DROPPED = frozenset(
    _words(
        "script template iframe object noscript noembed noframes textarea select math title xmp "
        "plaintext head audio video canvas"
    )
)
_ATTRIBUTES = frozenset(
    _words(
        "alt align abbr class colspan datetime dir headers height high id lang low max min open optimum "
        "role rowspan scope span start style title type valign value width aria-label aria-hidden "
        "aria-describedby aria-labelledby aria-level viewbox preserveaspectratio xmlns d x y x1 x2 y1 y2 "
        "cx cy r rx ry dx dy points transform fill fill-opacity fill-rule stroke stroke-width "
        "stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-miterlimit opacity "
        "clip-path clip-rule offset stop-color stop-opacity text-anchor dominant-baseline font-size "
        "font-family font-weight font-style gradientunits"
    )
)
_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_LINK = re.compile(r"(https?://|mailto:|#|[^:/?#\\\s]+([/?#]|$))", re.IGNORECASE)
_UNSAFE_STYLE = re.compile(
    r"url\s*\(|image-set|@|\\|expression|-moz-binding|behavior|position|<", re.IGNORECASE
)


class Cleaner(HTMLParser):
    """Cleans the fragments of one page in order, and keeps its headings in order while doing so.

    `headings` collects (level, text); the first level-one heading stays one, later ones become level two,
    and no level is skipped on the way down. An image without alternative text gets the heading it stands
    under.
    """

    def __init__(self, title: str = "") -> None:
        super().__init__(convert_charrefs=True)
        self.headings: list[tuple[int, str]] = []
        self.title = title
        self._out: list[str] = []
        self._open: list[tuple[str, str]] = []  # as it arrived, as it was written
        self._dropped: str | None = None
        self._depth = 0
        self._heading: list[str] | None = None

    def fragment(self, html: str) -> str:
        """A fragment of HTML, cleaned and closed."""
        self.reset()
        self._out, self._open, self._dropped, self._depth, self._heading = [], [], None, 0, None
        self.feed(html)
        self.close()
        while self._open:
            self._end()
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens: write it if it is allowed, drop it with its content if it is program."""
        if self._dropped:
            self._depth += tag == self._dropped
            return
        in_svg = any(arrived == "svg" for arrived, _ in self._open)
        # Inside SVG a title is a title, and a style sheet is parsed by other rules than ours.
        if (tag in _DROPPED and not (tag == "title" and in_svg)) or (tag == "style" and in_svg):
            self._dropped, self._depth = tag, 1
            return
        if tag not in _TAGS:
            return
        written = self._level(tag) if re.fullmatch("h[1-6]", tag) else tag
        kept = self._attributes(tag, attrs)
        if tag == "img" and not kept.get("src"):
            return
        if tag == "img" and not kept.get("alt", "").strip():
            kept["alt"] = self.headings[-1][1] if self.headings else self.title
        self._out.append("<" + written + "".join(f' {k}="{escape(v)}"' for k, v in kept.items()) + ">")
        if tag not in _VOID:
            self._open.append((tag, written))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself."""
        if tag in _DROPPED:
            return
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """A tag closes, and with it whatever was left open inside."""
        if self._dropped:
            self._depth -= tag == self._dropped
            if not self._depth:
                self._dropped = None
            return
        if any(arrived == tag for arrived, _ in self._open):
            while self._end() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Text, entities resolved: written escaped."""
        if self._dropped:
            return
        if self._open and self._open[-1][0] == "style":
            # Escaping does not work inside a style sheet, so what could leave it or load something goes as
            # a whole.
            self._out.append(
                "" if _UNSAFE_STYLE.search(re.sub(r"position\s*:\s*(relative|sticky)", "", data)) else data
            )
            return
        if self._heading is not None:
            self._heading.append(data)
        self._out.append(escape(data, quote=False))

    def _end(self) -> str:
        arrived, written = self._open.pop()
        if re.fullmatch("h[1-6]", arrived) and self._heading is not None:
            self.headings.append((int(written[1]), " ".join("".join(self._heading).replace("¶", "").split())))
            self._heading = None
        self._out.append(f"</{written}>")
        return arrived

    def _level(self, tag: str) -> str:
        wanted = int(tag[1])
        if not self.headings:
            level = 1 if wanted == 1 else 2
        else:
            level = max(2, min(wanted, self.headings[-1][0] + 1))
        self._heading = []
        return f"h{level}"

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for name, value in attrs:
            value = value or ""
            if name == "src" and tag == "img" and _IMAGE.fullmatch(value):
                kept["src"] = value
            elif name == "href" and tag == "a" and _LINK.match(value.strip()):
                kept["href"] = value.strip()
            elif name == "style":
                rules = [
                    rule.strip()
                    for rule in value.split(";")
                    if rule.strip() and not _UNSAFE_STYLE.search(rule)
                ]
                if rules:
                    kept["style"] = "; ".join(rules)
            elif name in ("clip-path", "fill", "stroke") and "url" in value.lower():
                if re.fullmatch(r"url\(#[\w-]+\)", value):
                    kept[name] = value
            elif name in _ATTRIBUTES and name != "style":
                kept[name] = value
        if kept.get("href", "").startswith("http"):
            kept["rel"] = "noopener noreferrer"
        return kept
