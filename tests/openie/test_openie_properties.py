"""What holds for any text whatever: spans index it, verbs come in order, time grows with length, and
nothing crashes.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foretaste.openie import grammar, lexicon, usage
from foretaste.openie.rules import Config, Rules
from foretaste.openie.sentences import split
from foretaste.openie.words import CLASSES, TAGS, WORDS, tokenise

CONFIGS = [Config(), Config(canonical=False), Config(objects="each"), Config(as_published=True)]
COOKING = st.lists(
    st.sampled_from(
        ["stir", "mix", "Bake", "the", "a", "of", "2", "1/2", "cups", "onion", "onions,", "and", "or", "salt",
        "pepper", "butter.", "until", "with", "in", "on", "off", "up", "let", "bring", "to", "boil", "(", ")",
        ";", ":", "it", "them", "slowly", "not", "do", "continue", "using", "is", "are", "chopped", "well",
        "side", "down", "use", "cool,", "dry", "then", "you", "can", "while", "by", "cutting", "pan", "bowl",
        "10", "minutes"]
    ),
    max_size=40,
).map(" ".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(text=COOKING | st.text() | st.text("aeiost ,.;:()'-0123456789/"), config=st.sampled_from(CONFIGS))
@example(text="Let's let it to be", config=CONFIGS[0])
@example(text="bring to a boil to a boil, and bring", config=CONFIGS[2])
@example(text="½ cup’s “milk” – 180°C\u2028x", config=CONFIGS[3])
@example(text="saute\u0301 the İzmir jalapen\u0303os and add Żubrówka.", config=CONFIGS[3])
def test_spans_index_the_text_and_verbs_come_in_order(text, config):
    last = -1
    for verb, (start, stop), thing, head, span, _ in Rules(config).extract(text):
        assert last <= start < stop <= len(text) and text[start:stop].strip() == text[start:stop] and verb
        last = start
        assert (thing is None) == (head is None) == (span is None)
        if span:
            written = text[slice(*span)]
            assert (written.lower() if config.as_published else written) == thing == thing.strip() and head


@given(st.text() | COOKING)
def test_tokens_cover_the_text_and_every_class_is_named(text):
    tokens = tokenise(text)
    assert "".join(tokens) == text[: len("".join(tokens))] and not text[len("".join(tokens)) :].strip()
    assert all(len(TAGS[token]) == 1 and TAGS[token] in CLASSES for token in tokens)


@given(COOKING)
@example("you stir stir")
@example("stir side up")
def test_capitals_do_not_change_what_is_found(text):
    rules = Rules(Config())
    text = text.capitalize() + "."
    assert [e[1:2] + e[3:5] for e in rules.extract(text)] == [
        e[1:2] + e[3:5] for e in rules.extract(text[:1] + text[1:].upper())
    ]


@given(st.integers(1, 40), COOKING)
def test_what_was_read_before_changes_nothing(size, text):
    rules = Rules(Config())
    before = rules.extract(text)
    WORDS.clear()
    TAGS.clear()
    for number in range(size):
        rules.extract(f"Mix word{number} with {text}")
    assert rules.extract(text) == before


@pytest.mark.parametrize("class_", sorted(CLASSES))
@pytest.mark.parametrize("lead", ["", "V", "S", "VD", "A", "P", "W", "VN,", "J", "VH"])
def test_no_run_of_one_class_takes_more_than_linear_time(class_, lead):
    """Catastrophic backtracking shows on runs: 400 words of one class (and pairs with the classes that
    join) in 50 ms.
    """
    for unit in (class_, class_ + ",", class_ + "C", class_ + "a", "R" + class_, class_ + "_", class_ + "M"):
        tags = lead + unit * (400 // len(unit))
        for pattern in (
            grammar.FIRST,
            grammar.NEXT,
            grammar.AFTER_BARE,
            grammar.PASSIVE,
            grammar.PERSON,
            grammar.JOINED,
        ):
            start = time.process_time()
            pattern.match(tags)
            assert time.process_time() - start < 0.5, (pattern.pattern[:40], unit)


UNITS = [
    "a.b.", "a.", "tsp. ", "1.", "2-", "a-", "s' ", "... ", "...x", ".'", "!?x", "(a. ", ") (", "(a) ",
    "Stir it. ", "(Stir it. ", "  ", "\n ", "n\u0303", "\u0303",
    "bring salt, ", "use a pan and ", "the salt, ", "and ", "stirring, ", "in a bowl, ", "chopped and ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("lead", "tail"), [("", ""), ("Stir ", " x"), ("(", ")")])
def test_no_repeated_text_takes_more_than_about_linear_time(unit, lead, tail):
    """30,000 characters: well under a tenth of a second each; where time grew with the square it took ten
    times as long.
    """
    text = lead + unit * (30_000 // len(unit)) + tail
    rules = Rules(Config(objects="each"))
    for read in (split, tokenise, rules.extract):
        start = time.process_time()
        read(text)
        assert time.process_time() - start < 1.0, (read.__name__, unit)


def test_the_lists_do_not_contradict_each_other():
    lists = {
        name: getattr(lexicon, name)
        for name in ("NOUNS_OR_VERBS", "NOUNS_RARELY_VERBS", "VERBS_OR_ADJECTIVES", "VERBS_OR_NOUNS")
    }
    names = sorted(lists)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert not lists[a] & lists[b], (a, b, sorted(lists[a] & lists[b]))
    for name, value in {**vars(lexicon), **vars(usage)}.items():
        if isinstance(value, frozenset):
            assert all(re.fullmatch(r"[a-zéû°º%.'-]+", word) for word in value), name
