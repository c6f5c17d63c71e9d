"""A line as a reader sees it: entities decoded, tags and invisible characters taken out.

Recipes that were scraped hold what a browser would have drawn or hidden. Everything that reads a line (the stage
``read_recipes``, the command ``openie``) cleans it first, so that spans index what is kept and printed.
"""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from foretaste.text.lexicon import word_set

ENTITIES = "HTML entities decoded"
TAGS = "HTML tags removed"
INVISIBLE = "invisible characters removed"
PLAIN = "unusual spaces, hyphens, apostrophes, ligatures and letter forms replaced by plain ones"
#: What can be done to a line.
KINDS = (ENTITIES, TAGS, INVISIBLE, PLAIN)

#: Only a line that holds something else than this is looked at closely.
_COMMON = re.compile(r"[\t\n -%'-;=-_a-~À-ÿ–—’“”…•°½¼¾]*+")

# Entities. In HTML "&copy" may begin a longer word; here a name without a semicolon is a whole word ("&center" is
# none), unless it is an accented letter or a fraction, which stand within words ("cr&egraveme", "1&frac12cup").
_WITHIN_WORDS = "[A-Za-z](?:grave|acute|circ|uml|tilde)|[Cc]cedil|[Aa]ring|frac(?:12|14|34)|nbsp|deg(?=[CF]\\b)"
_ENTITY = re.compile(
    rf"&(?:(?:amp|\#0*38|\#[Xx]26);)*(\#[0-9]{{1,7}}+;?|\#[Xx][0-9A-Fa-f]{{1,6}}+;?|[A-Za-z][A-Za-z0-9]{{1,31}}+;"
    rf"|{_WITHIN_WORDS}|[A-Za-z]{{2,6}}+(?![A-Za-z0-9=]))"
)

# Tags. "cook < 5 min" and "<optional>" are none: a tag has a name of HTML, or one with a prefix ("o:p", "wprm-recipe"),
# and then nothing or attributes. One that the next or the end of the line cuts off is a tag too.
_BLOCKS = word_set(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure",
    "footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol option p pre section summary table",
    "tbody td tfoot th thead title tr ul",
)
_INLINE = word_set(
    "a abbr acronym applet area audio b base basefont bdi bdo big button canvas cite code col colgroup data datalist",
    "del dfn em embed font frame frameset i iframe img input ins kbd label link map mark meta meter noframes noscript",
    "object optgroup output param picture progress q rp rt ruby s samp select small source span strike strong sub sup",
    "svg template textarea time track tt u var video wbr",
)
_NAMES = "|".join(sorted(_BLOCKS | _INLINE, key=len, reverse=True))
_VALUE = r"""(?:"[^"<]*+"?|'[^'<]*+'?|[^\s<>]*+)"""
_ATTRIBUTES = rf"""(?:[\s/]++(?:[^\s<>="'/]++\s*+=\s*+{_VALUE})?+)*+"""
_MARKUP = re.compile(
    # with what they hold: no reader sees it
    r"<!--.*?(?:-->|\Z)|<(script|style)\b[^<>]*+>.*?(?:</\1\s*+>|\Z)"
    rf"|<!\[CDATA\[|\]\]>|<[!?][A-Za-z][^<>]*+>"
    rf"|</?({_NAMES}|[a-z][a-z0-9]*+[:-][a-z0-9:-]++){_ATTRIBUTES}(?:>|(?=<)|\Z)",
    re.IGNORECASE | re.DOTALL,
)
#: After these a border between blocks needs no period.
_MARKS = frozenset(".!?…,;:([{-–—&/")


def _characters() -> dict[str, tuple[str, str]]:
    """Each character that is replaced: by what, and which of ``KINDS`` that is."""
    table = dict.fromkeys("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", ("", INVISIBLE))
    for number in range(sys.maxunicode + 1):
        character, category = chr(number), unicodedata.category(chr(number))
        if category in ("Cf", "Cc") or 0xFE00 <= number <= 0xFE0F or 0xE0100 <= number <= 0xE01EF:
            table[character] = ("", INVISIBLE)
        elif category == "Zs":
            table[character] = (" ", PLAIN)
        elif 0xFB00 <= number <= 0xFB06 or 0xFF01 <= number <= 0xFF5E or 0x1D400 <= number <= 0x1D7FF:
            table[character] = (unicodedata.normalize("NFKC", character), PLAIN)
    # quotes and dashes of Windows-1252 that were taken for Unicode: HTML reads them so
    for number in range(0x80, 0xA0):
        table[chr(number)] = (bytes([number]).decode("cp1252", "ignore"), PLAIN)
    # marks of Arabic and other scripts that are seen
    for character in "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd":
        del table[character]
    table |= dict.fromkeys("\v\f\x1c\x1d\x1e\u2028\u2029", ("\n", PLAIN))
    table |= dict.fromkeys("\u2010\u2011", ("-", PLAIN)) | {"\u02bc": ("’", PLAIN)}
    for plain in " \t\n\r":
        table.pop(plain)
    return table


_REPLACED = _characters()
#: Besides: a lone carriage return is a line's end, and what stands for an apostrophe within a word is one.
_SPECIAL = re.compile(rf"[{re.escape(''.join(_REPLACED))}]|\r(?!\n)|(?<=[^\W\d_])[`´‘‛′](?=[^\W\d_])")


class Cleaned(NamedTuple):
    """A line without markup, and which of ``KINDS`` were done to it."""

    text: str
    done: frozenset[str] = frozenset()


def clean(line: str) -> Cleaned:
    """``line`` as a reader sees it; a border between blocks (``<br>``, ``</p>``) is a period where no mark stands.

    A line without markup and invisible characters comes back as it is, and cleaning twice changes nothing.
    """
    if _COMMON.fullmatch(line):
        return Cleaned(line)
    done: set[str] = set()
    text = _plain(line, done)
    while True:
        # again, for what was escaped twice ("&amp;lt;br&amp;gt;")
        found = _plain(_changed(_changed(text, _untagged, TAGS, done), _decoded, ENTITIES, done), done)
        if found == text:
            return Cleaned(text, frozenset(done))
        text = found


def _changed(text: str, change: Callable[[str], str], kind: str, done: set[str]) -> str:
    """``change(text)``; ``kind`` is added to ``done`` if that is another text."""
    found = change(text)
    if found != text:
        done.add(kind)
    return found


def _plain(text: str, done: set[str]) -> str:
    def replacement(special: re.Match[str]) -> str:
        by, kind = _REPLACED.get(special[0]) or ("\n" if special[0] == "\r" else "’", PLAIN)
        done.add(kind)
        return by

    return _SPECIAL.sub(replacement, text)


def _decoded(text: str) -> str:
    return _ENTITY.sub(_character, text)


def _character(entity: re.Match[str]) -> str:
    """The character of an entity; what is none of HTML's stays as it is."""
    name = f"&{entity[1].rstrip(';')};"
    for spelled in (name, name.lower()):
        character = html.unescape(spelled)
        if not character.endswith(";") or character == ";":
            return character
    return f"&{entity[1]}"


def _untagged(text: str) -> str:
    """A tag within a line is nothing, or a space between two letters; one of a block is a border."""
    tags = list(_MARKUP.finditer(text))
    if not tags:
        return text
    parts: list[str] = []
    start, last, border = 0, "", False
    for stop, end, name in [*((tag.start(), tag.end(), tag[2]) for tag in tags), (len(text), len(text), None)]:
        piece = text[start:stop]
        if border and last and piece.strip():
            parts.append(" " if last in _MARKS else ". ")
            piece = piece.lstrip()
        elif last.isalnum() and parts[-1][-1:].isalnum() and piece[:1].isalnum():
            parts.append(" ")
        if piece.strip() or not border:
            parts.append(piece)
            border = False
        last = piece.rstrip()[-1:] or last
        border = border or (name or "").lower() in _BLOCKS
        start = end
    return "".join(parts).strip()
