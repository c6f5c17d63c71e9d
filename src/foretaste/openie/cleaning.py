"""A line as its words: entities decoded; tags, invisible characters and what only decorates words taken out.

Recipes that were scraped hold what a browser would have drawn or hidden. Everything that reads a line (the
stage ``read_recipes``, the command ``openie``) cleans it first, so that spans index what is kept and printed.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from foretaste.openie import closed
from foretaste.openie.lexicon import word_set

ENTITIES = "HTML entities decoded"
TAGS = "HTML tags removed"
INVISIBLE = "invisible characters removed"
PLAIN = "unusual spaces, hyphens, apostrophes, ligatures and letter forms replaced by plain ones"
SYMBOLS = "emoji and other symbols removed"
EMPHASIS = "emphasis marks of Markdown and BBCode removed"
QUOTES = "quotes around words removed"
#: What can be done to a line.
KINDS = (ENTITIES, TAGS, INVISIBLE, PLAIN, SYMBOLS, EMPHASIS, QUOTES)

#: Only a line that holds something else than this is looked at closely.
#: An apostrophe is common within a word and at its end.
_COMMON = re.compile(r"(?:[\t\n !#-%()+-;=-Z\\-^a-~À-ÿ–—’…•°½¼¾]++|(?<=[^\W\d_])')*+")

# Entities. In HTML "&copy" may begin a longer word; here a name without a semicolon is a whole word
# ("&center" is none), unless it is an accented letter or a fraction, which stand within words ("cr&egraveme",
# "1&frac12cup").
_WITHIN_WORDS = (
    "[A-Za-z](?:grave|acute|circ|uml|tilde)|[Cc]cedil|[Aa]ring|frac(?:12|14|34)|nbsp|deg(?=[CF]\\b)"
)
_ENTITY = re.compile(
    rf"&(?:(?:amp|\#0*38|\#[Xx]26);)*(\#[0-9]{{1,7}}+;?|\#[Xx][0-9A-Fa-f]{{1,6}}+;?|[A-Za-z][A-Za-z0-9]{{1,31}}+;"
    rf"|{_WITHIN_WORDS}|[A-Za-z]{{2,6}}+(?![A-Za-z0-9=]))"
)

# Tags. "cook < 5 min" and "<optional>" are none: a tag has a name of HTML, or one with a prefix ("o:p",
# "wprm-recipe"), and then nothing or attributes. One that the next or the end of the line cuts off is a tag
# too.
_BLOCKS = word_set(
    """
    address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol option p
    pre section summary table tbody td tfoot th thead title tr ul
    """
)
_INLINE = word_set(
    """
    a abbr acronym applet area audio b base basefont bdi bdo big button canvas cite code col colgroup data
    datalist del dfn em embed font frame frameset i iframe img input ins kbd label link map mark meta meter
    noframes noscript object optgroup output param picture progress q rp rt ruby s samp select small source
    span strike strong sub sup svg template textarea time track nobr tt u var video wbr
    """
)
#: Those of them that only change the letters' looks; what touches across them is one word.
_FORMATTING = word_set(
    """
    a abbr acronym b basefont bdi bdo big cite code del dfn em font i ins kbd label mark nobr q s samp small
    span strike strong tt u var wbr
    """
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
#: Prepositions that are adverbs or nouns as well ("golden on the outside") may end a sentence.
_ENDS = word_set("above around below each following inside outside past throughout underneath working worth")
#: After these no sentence ends, whatever block does.
_GOES_ON = (
    closed.DETERMINERS | closed.PREPOSITIONS | closed.CONJUNCTIONS | closed.SUBORDINATORS | closed.AUXILIARIES
    | closed.BE | closed.NEGATIONS | {"do"}
) - _ENDS  # fmt: skip
_LAST_WORD = re.compile(r"[^\W\d_]++(?:['’][^\W\d_]++)*+\Z")
_FIRST_LETTER = re.compile(r"[^\w<>]*+([^\W\d_])")

# Characters. Quotes and dashes of Windows-1252 that were taken for Unicode are read as HTML reads them; the
# marks of Arabic and other scripts are seen, though Unicode calls them formats.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u2800\u3164\uffa0")
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_LINE_ENDS = frozenset("\v\f\x1c\x1d\x1e\u2028\u2029")
#: What may be replaced; besides, a lone carriage return, and what stands for an apostrophe within a word.
_SPECIAL = re.compile(r"(?<=[^\W\d_])[`´‘‛′](?=[^\W\d_])|\r(?!\n)|[^\t\n\r -~¡-¬®-ʻ–—‘’“”…•]")

#: Emphasis that Markdown and BBCode write: around words that touch the marks. "5 * 3", "* eggs" and "eggs*"
#: are none.
_EMPHASIS = re.compile(
    r"(?<![^\W_])(?<!\*)(\*{1,3})(?=[^\s*_][^*_\n]*+\1)([^*_\n]*+)(?<=\S)\1(?![\d*])"
    r"|(?<!\w)(_{1,3})(?=[^\s*_][^*_\n]*+\3)([^*_\n]*+)(?<=\S)\3(?!\w)"
    r"|(?<![\[/])\[/?[bBiIuU]\](?!\])"
)
#: Quotes that stand around words; "‘n’" and "‘til" are short forms, “½ cup” is an amount, 9" are inches.
_QUOTED = re.compile(
    r"[“„]([^\W\d_½¼¾⅐-⅞][^“”„\n]*+)[“”]|«([^\W\d_½¼¾⅐-⅞][^«»\n]*+)»"
    r"|(?<!\w)[‘‚](?!(?i:n|til|em|tis|round|bout)\b)([^\W\d_½¼¾⅐-⅞](?:[^‘’‚\n]|’(?=[^\W\d_]))++)’(?!\w)"
    r"|(?:(?<!\S)|(?<=\s\())\"([^\W\d_][^\"<>\n]*+)\"(?!\w)"
    r"|(?:(?<!\S)|(?<=\s\())'(?!(?i:n|til|em|tis|round|bout)\b)([^\W\d_](?:[^'<>\n]|'(?=[^\W\d_]))*+)'(?!\w)"
)
#: What follows an emoji and makes another of it: selectors, a joiner.
_JOINERS = "\ufe0e\ufe0f\u200d"


class Cleaned(NamedTuple):
    """A line without markup, and which of ``KINDS`` were done to it."""

    text: str
    done: frozenset[str] = frozenset()


def clean(line: str) -> Cleaned:
    """The words of ``line``; a border between blocks (``<br>``, ``</p>``) is a period where a sentence may
    end.

    A line that holds none of ``KINDS`` comes back as it is, and cleaning twice changes nothing.
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
        by, kind = _replaced(special[0])
        if kind:
            done.add(kind)
        return by

    text = _changed(text, _without_symbols, SYMBOLS, done)
    text = _SPECIAL.sub(replacement, text)
    text = _changed(text, _without_emphasis, EMPHASIS, done)
    return _changed(text, _without_quotes, QUOTES, done)


@lru_cache(maxsize=4096)
def _replaced(character: str) -> tuple[str, str]:
    """What stands for ``character``, and which of ``KINDS`` that is; itself and "" where nothing is done."""
    category = unicodedata.category(character)
    if character in _LINE_ENDS or character == "\r":
        return "\n", PLAIN
    if "\x80" <= character <= "\x9f":
        return bytes([ord(character)]).decode("cp1252", "ignore"), PLAIN
    if character in "`´‘‛′\u02bc":
        return "’", PLAIN
    if character in "\u2010\u2011":
        return "-", PLAIN
    if category == "Zs":
        return " ", PLAIN
    if "ﬀ" <= character <= "ﬆ" or "！" <= character <= "～" or "\U0001d400" <= character <= "\U0001d7ff":
        return unicodedata.normalize("NFKC", character), PLAIN
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    if character in _UNSEEN or selector or (category in ("Cf", "Cc") and character not in _SEEN):
        return "", INVISIBLE
    return character, ""


def _without_symbols(text: str) -> str:
    symbols = "".join(sorted(filter(_is_symbol, set(text))))
    if not symbols:
        return text
    run = rf"(?<![ \t])[ \t]*+(?:[{re.escape(symbols)}][{_JOINERS}]*+[ \t]*+)++"
    return re.sub(run, _between_words, text)


def _is_symbol(character: str) -> bool:
    """Whether it is an emoji or a dingbat; symbols that stand for letters ("™", "℃", "㎏"), "°" and "©" are
    words.
    """
    if character <= "ÿ" or character in "\u2114\u2117\u2800\ufffd":
        return False
    pictured = unicodedata.category(character) == "So" and not unicodedata.decomposition(character)
    return pictured or "\U0001f3fb" <= character <= "\U0001f3ff"


def _between_words(run: re.Match[str]) -> str:
    """What stands for symbols: a space between words, nothing at a line's ends and beside a mark they
    touch.
    """
    start, end = run.span()
    before, after = run.string[max(0, start - 1) : start], run.string[end : end + 1]
    if before in ("", "\n", "\r") or after in ("", "\n", "\r"):
        return ""
    touches = (run[0][0] not in " \t" and not before.isalnum()) or (
        run[0][-1] not in " \t" and not after.isalnum()
    )
    return "" if touches else " "


def _without_emphasis(text: str) -> str:
    return _EMPHASIS.sub(lambda marks: marks[2] or marks[4] or "", text)


def _without_quotes(text: str) -> str:
    return _QUOTED.sub(lambda quoted: quoted[quoted.lastindex], text)


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
    """A tag of letters' looks is nothing, another within a line a space between two letters, a block's a
    border.
    """
    tags = list(_MARKUP.finditer(text))
    if not tags:
        return text
    parts: list[str] = []
    start, before, border, item, gap = 0, "", False, False, False
    for tag in [*tags, None]:
        piece = text[start : tag.start() if tag else len(text)]
        if border and before.strip() and piece.strip():
            parts[-1] = parts[-1].rstrip()
            parts.append(_border(before, piece, item))
            piece = piece.lstrip()
        elif gap and before[-1:].isalnum() and piece[:1].isalnum():
            parts.append(" ")
        if piece.strip() or (piece and not border):
            parts.append(piece)
            # as much as its last word or entity needs
            before = (before + piece)[-40:]
            border = item = gap = False
        if tag:
            name = (tag[2] or tag[1] or "").lower()
            border = border or name in _BLOCKS
            item = item or name == "li"
            gap = gap or (name != "" and name not in _FORMATTING)
            start = tag.end()
    return "".join(parts).strip()


def _border(before: str, after: str, item: bool) -> str:
    """What stands between blocks: a period only where a sentence may end and another begin.

    An item of a list may begin with a small letter.
    """
    before = _plain(_decoded(before), set()).rstrip()
    word, letter = _LAST_WORD.search(before), _FIRST_LETTER.match(_decoded(after[:40]))
    name = word[0].lower().replace("’", "'") if word else ""
    small = letter is not None and letter[1].islower() and not item
    return " " if before[-1:] in _MARKS or name in _GOES_ON or name.endswith("n't") or small else ". "
