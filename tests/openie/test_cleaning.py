"""Markup and invisible characters: what a reader does not see is not in the text, and what a reader sees
stays.
"""

from __future__ import annotations

import runpy
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.openie import cleaning
from foretaste.openie.cleaning import (
    EMPHASIS,
    ENTITIES,
    INVISIBLE,
    KINDS,
    PLAIN,
    QUOTES,
    SYMBOLS,
    TAGS,
    clean,
)
from foretaste.openie.rules import Config, Rules
from foretaste.openie.sentences import split

CLEANED = [
    ("Add the salt &amp; pepper; don&#8217;t stir.", "Add the salt & pepper; don’t stir.", {ENTITIES}),
    ("Put the cr&egrave;me fra&icirc;che in the pan.", "Put the crème fraîche in the pan.", {ENTITIES}),
    ("Add <b>the eggs</b> to the bowl.<br>Stir well.", "Add the eggs to the bowl. Stir well.", {TAGS}),
    ("Add the\u200b butter", "Add the butter", {INVISIBLE}),
    ("then add\u00ad the garlic", "then add the garlic", {INVISIBLE}),
    # entities: with a number, escaped twice, without a semicolon, in capitals, of Windows-1252
    ("don&#x2019;t, don&#39;t, don&#146;t", "don’t, don't, don’t", {ENTITIES}),
    ("salt &amp;amp; pepper &amp;lt;b&amp;gt;here", "salt & pepper here", {ENTITIES, TAGS}),
    ("350&degF, 1&frac12 cups of cr&egraveme &AMP; oil", "350°F, 1½ cups of crème & oil", {ENTITIES}),
    ("Add&nbsp;the eggs", "Add the eggs", {ENTITIES, PLAIN}),
    ("but&shy;ter", "butter", {ENTITIES, INVISIBLE}),
    # tags: attributes, blocks without a mark between them, words that touch, what no reader sees, cut off,
    # prefixed
    (
        '<a href="x" title=\'>\'>Beat</a> the <span class=y data-z="1">eggs</span>, then',
        "Beat the eggs, then",
        {TAGS},
    ),
    ("<p>Mix</p> <p>Bake <i>well</i></p>", "Mix. Bake well", {TAGS}),
    ("<ul>\n<li>Mix</li>\n<li>Bake:<br/>45 minutes</li>\n</ul>", "Mix. Bake: 45 minutes", {TAGS}),
    ("Add<b>the</b>eggs", "Addtheeggs", {TAGS}),
    ("Add<!-- stir --> eggs<script>add('x')</script><style>b {}</style>", "Add eggs", {TAGS}),
    ('Add eggs <a href="x', "Add eggs", {TAGS}),
    ("<o:p>Add</o:p> <wprm-note>eggs</wprm-note>", "Add eggs", {TAGS}),
    # characters: joiners, a byte order mark, marks of direction, selectors, controls, spaces, apostrophes,
    # ligatures
    ("\ufeffA\u200cd\u200dd\u2060 \u202ethe\u202c \u200eeggs\ufe0f\x00\x07", "Add the eggs", {INVISIBLE}),
    ("Add\u00a0the\u2009eggs\u3000and\u202fmilk", "Add the eggs and milk", {PLAIN}),
    (
        "Don\x92t, don\u02bct, don`t, don´t; all\u2011purpose",
        "Don’t, don’t, don’t, don’t; all-purpose",
        {PLAIN},
    ),
    ("Ａｄｄ the ﬂour ﬁnely", "Add the flour finely", {PLAIN}),
    ("Mix.\rBake.\u2028Serve.", "Mix.\nBake.\nServe.", {PLAIN}),
    # a border within a sentence is a space: after a word that wants another, before a small letter
    ("Do not<br>stir the soup.", "Do not stir the soup.", {TAGS}),
    ("Do not <br>\n<br> Stir the soup.", "Do not Stir the soup.", {TAGS}),
    ("Don&#8217;t<br/>Open the oven door.", "Don’t Open the oven door.", {TAGS, ENTITIES}),
    ("<p>Never</p><p>stir the soup.</p>", "Never stir the soup.", {TAGS}),
    ("<b>N</b>ever</p><p>Stir it in</p><p>Add the", "Never Stir it in. Add the", {TAGS}),
    ("Add 2 cups<br />of milk.", "Add 2 cups of milk.", {TAGS}),
    ("Add the<br>Eggs and<br>Milk", "Add the Eggs and Milk", {TAGS}),
    ("<li>add the</li><li>eggs</li><li>stir well</li>", "add the eggs. stir well", {TAGS}),
    ("Add the eggs<br>Stir well", "Add the eggs. Stir well", {TAGS}),
    (
        "Add cr&egrave;me <br>Brown on the outside<br>Stir",
        "Add crème. Brown on the outside. Stir",
        {TAGS, ENTITIES},
    ),
    # a tag of letters' looks parts no word, another does
    ("<b>A</b>dd the <i>egg</i>s and <em>but</em>ter", "Add the eggs and butter", {TAGS}),
    ("Add<!-- --> 2<!-- -->0 eggs", "Add 20 eggs", {TAGS}),
    ("Add<wprm-note>the</wprm-note>eggs<img src=x>now", "Add the eggs now", {TAGS}),
    # symbols, emphasis, quotes
    ("Add the 🥚 eggs 🍳", "Add the eggs", {SYMBOLS}),
    ("☐ Add ✓ the ★eggs★. 👩🏽\u200d🍳 Stir ❤\ufe0f.", "Add the eggs. Stir.", {SYMBOLS}),
    ("Add&#127859;eggs (★milk★)", "Add eggs (milk)", {SYMBOLS, ENTITIES}),
    ("Add *the eggs*", "Add the eggs", {EMPHASIS}),
    ("* **Add** _the_ __eggs__, **M**ix", "* Add the eggs, Mix", {EMPHASIS}),
    ("[B]Add[/B] [i]the eggs[/i]", "Add the eggs", {EMPHASIS}),
    ("Add the “eggs” and «milk» to the ‘cook’s mix’", "Add the eggs and milk to the cook’s mix", {QUOTES}),
    (
        "Cut each \"snake\" into a 'U' shape (the 'cook's way')",
        "Cut each snake into a U shape (the cook's way)",
        {QUOTES},
    ),
]
KEPT = [
    "cook < 5 min", "5 > 3", "5 < x > 3", "<optional>", "<a few minutes>", "<3", "salt & pepper", "R&D",
    "trim &notch the edges",
    "&center", "&foo;", "a & b; c", "Crème fraîche, 350 °F – “½ cup”", "‘n’ stir", "'til done, rock 'n' roll",
    'a 9" x 13" pan and 2 " thick', "the cooks' pans", "jalapen\u0303o", "الملح", "\tAdd\n",
    "5 * 3", "2*3*4", "2 x 4", "* eggs", "eggs* and milk*", "snake_case_x", "____", "[optional]",
    "‘Til the eggs’ foam", "a 9” or 8” pan", "™ ® © ½ ⅓ € £ 5 ℃", "cr\ufffdme",
]  # fmt: skip

MARKUP = st.lists(
    st.sampled_from(
        [
            "<b>",
            "</b>",
            "<br>",
            "<p",
            "<",
            ">",
            "&amp;",
            "&lt;",
            "&gt;",
            "&",
            "amp;",
            "&#60;",
            "&nbsp;",
            "&#8203;",
        ]
    )
    | st.sampled_from(
        [
            "<a href='x'>",
            "<!--",
            "-->",
            "\u200b",
            "\u00ad",
            "\u00a0",
            "\x92",
            "ﬂ",
            "b>",
            "★ ",
            "*",
            "**",
            "_",
            "[b]",
            "“",
            "”",
            "Stir",
            " the eggs",
            ". ",
            "\n",
        ]
    )
    | st.characters(),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(("line", "text", "done"), CLEANED)
def test_what_a_reader_does_not_see_is_taken_out(line, text, done):
    assert clean(line) == (text, done)


@pytest.mark.parametrize("line", KEPT)
def test_what_a_reader_sees_stays_as_it_is(line):
    assert clean(line) == (line, frozenset())


def test_markup_makes_no_action_and_hides_none():
    rules = Rules(Config())
    found = {
        line: [
            (one.verb, one.object_head)
            for sentence in split(clean(line).text)
            for one in rules.extract(sentence)
        ]
        for line, _, _ in CLEANED[:5]
    }
    assert list(found.values()) == [
        [("add", "salt")],
        [("put", "fraîche")],
        [("add", "egg"), ("stir", None)],
        [("add", "butter")],
        [("add", "garlic")],
    ]


@pytest.mark.parametrize(
    ("line", "actions"),
    [
        ("Do not<br>stir the soup.", []),
        ("Don't<br/>open the oven door.", []),
        ("Never</p><p>stir the soup.", []),
        ("Add 2 cups<br />of milk.", [("add", "milk")]),
        ("<b>A</b>dd the <i>egg</i>s", [("add", "egg")]),
        *((line, [("add", "egg")]) for line in (
            "Add the 🥚 eggs 🍳", "Add ✓ the eggs", "Add the ★eggs★", "Add *the eggs*", "**Add** the eggs",
            "Add [b]the eggs[/b]",
            "Add the “eggs”",
        )),
    ],
)  # fmt: skip
def test_markup_within_a_sentence_changes_no_action(line, actions):
    rules = Rules(Config())
    found = [one for sentence in split(clean(line).text) for one in rules.extract(sentence)]
    assert [(one.verb, one.object_head) for one in found] == actions


@given(MARKUP)
def test_no_markup_and_no_invisible_character_is_left(line):
    text, done = clean(line)
    assert not any(
        mark in text
        for mark in ("<b>", "<br>", "&amp;", "&lt;", "&nbsp;", "&#60;", "\u200b", "\u00ad", "\u00a0", "\x92")
    )
    assert clean(text) == (text, frozenset())
    assert done <= set(KINDS)
    assert bool(done) == (text != line)


@given(MARKUP)
def test_spans_index_the_cleaned_sentence(line):
    text = clean(line).text
    for one in Rules(Config()).extract(text):
        assert text[slice(*one.verb_span)].strip()
        assert one.object is None or text[slice(*one.object_span)] == one.object


@pytest.mark.parametrize("lead", ["", "<", "&", "<a b='", "<br>x"])
@pytest.mark.parametrize(
    "unit",
    [
        "<a b='",
        "<br",
        "<br>",
        "<a b c ",
        "<!--",
        "<script ",
        "&",
        "&amp;",
        "amp;",
        "a`",
        "\u00ad",
        "*",
        "*a",
        "*a* ",
        "_a",
        "[b]",
        "[b",
        "“a",
        "‘a",
        "★",
        " ",
        "★ ",
        "<b>a",
    ],
)
def test_no_line_takes_more_than_about_linear_time(unit, lead):
    def seconds(times: int) -> float:
        line = lead + unit * times
        start = time.process_time()
        clean(line)
        return time.process_time() - start

    assert min(seconds(4000) for _ in range(2)) < 10 * max(seconds(1000), 0.02)


def test_importing_walks_no_table_of_all_characters():
    def seconds() -> float:
        start = time.process_time()
        runpy.run_path(cleaning.__file__)
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 0.05
