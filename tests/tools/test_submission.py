"""The challenge's file, checked as its own evaluation checks it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from spaces import SAMPLES_OF_THREE, verb_noun

from foretaste.__main__ import main
from foretaste.contracts.tables import SAMPLES, write_table

VERBS, NOUNS = 97, 300
PAIRS = [
    (v, 2 * v + n) for v in range(VERBS - 1) for n in (0, 100)
]  # the last verb and noun are in no action
CLASSES = verb_noun(
    action=tuple(f"v{v}_n{n}" for v, n in PAIRS), verb=tuple(f"v{v}" for v in range(VERBS)),
    noun=tuple(f"n{n}" for n in range(NOUNS)),
    action_verb=tuple(v for v, _ in PAIRS), action_noun=tuple(n for _, n in PAIRS),
)  # fmt: skip
IDS = [f"P33_101_{i}" for i in range(300)]


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    logits = np.random.default_rng(0).normal(0, 3, (len(IDS), len(PAIRS))).astype(np.float32)
    np.savez(folder / "F.npz", sample_id=np.array(IDS), action=logits)
    (folder / "F.classes.json").write_text(CLASSES.to_json())
    return folder / "F.npz", logits


def test_the_file_is_as_the_challenge_wants_it(scores, tmp_path):
    path, logits = scores
    assert (
        main(["submission", "--scores", str(path), "--out", str(tmp_path / "test.json"), "--sls-pt", "2"])
        == 0
    )
    made = json.loads((tmp_path / "test.json").read_text())
    results = made.pop("results")
    assert made == {
        "version": "0.2",
        "challenge": "action_anticipation",
        "sls_pt": 2,
        "sls_tl": 4,
        "sls_td": 3,
    }
    assert list(results) == IDS
    for row, sample_id in enumerate(IDS):
        entry = results[sample_id]
        assert list(entry["verb"]) == [str(i) for i in range(VERBS)] and list(entry["noun"]) == [
            str(i) for i in range(NOUNS)
        ]
        assert len(entry["action"]) == 100
        p = np.exp(logits[row].astype(np.float64))
        p /= p.sum()
        best = np.argsort(-p)[:100]
        assert list(entry["action"]) == [f"{PAIRS[a][0]},{PAIRS[a][1]}" for a in best]
        np.testing.assert_allclose(list(entry["action"].values()), p[best], rtol=1e-6)
        for head, place, size in (("verb", 0, VERBS), ("noun", 1, NOUNS)):
            summed = np.bincount([pair[place] for pair in PAIRS], weights=p, minlength=size)
            np.testing.assert_allclose(list(entry[head].values()), summed, rtol=1e-6)


@pytest.mark.parametrize("whole", [True, False], ids=["of actions", "of verbs and nouns"])
def test_the_file_of_recognition_has_log_probabilities_of_verbs_and_nouns(scores, tmp_path, whole):
    random, path = np.random.default_rng(1), scores[0]
    if not whole:
        path = tmp_path / "G.npz"
        heads = {"verb": random.normal(0, 3, (300, VERBS)), "noun": random.normal(0, 3, (300, NOUNS))}
        np.savez(path, sample_id=np.array(IDS), **heads)
        (tmp_path / "G.classes.json").write_text(CLASSES.to_json())
    line = ["submission", "--challenge", "recognition", "--scores", str(path)]
    assert main([*line, "--out", str(tmp_path / "test.json")]) == 0
    made = json.loads((tmp_path / "test.json").read_text())
    assert (made["challenge"], made["version"], list(made["results"])) == ("action_recognition", "0.2", IDS)
    for row, entry in enumerate(made["results"].values()):
        assert list(entry) == ["verb", "noun"]
        for place, (head, size) in enumerate((("verb", VERBS), ("noun", NOUNS))):
            logits = (scores[1] if whole else heads[head])[row].astype(np.float32).astype(np.float64)
            p = np.exp(logits) / np.exp(logits).sum()
            if whole:
                p = np.bincount([pair[place] for pair in PAIRS], weights=p, minlength=size)
            assert list(entry[head]) == [str(i) for i in range(size)]
            np.testing.assert_allclose(np.exp(list(entry[head].values())), p, rtol=1e-6, atol=1e-300)


def test_recognition_needs_verbs_and_nouns(tmp_path, capsys):
    np.savez(tmp_path / "F.npz", sample_id=np.array(["x"]), verb=np.zeros((1, VERBS), np.float32))
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    line = ["submission", "--scores", str(tmp_path / "F.npz"), "--out", str(tmp_path / "o.json")]
    assert main([*line, "--challenge", "recognition"]) == 1
    assert "scores of verb: submission: verbs and nouns, or actions" in capsys.readouterr().err
    assert main(line) == 1


def test_equal_scores_give_equal_bytes(scores, tmp_path):
    for name in ("a", "b"):
        assert main(["submission", "--scores", str(scores[0]), "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_probabilities_are_refused_by_name(scores, tmp_path, capsys):
    logits = scores[1].astype(np.float64)
    np.savez(
        tmp_path / "F.npz",
        sample_id=np.array(IDS),
        action=np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)),
    )
    (tmp_path / "F.classes.json").write_text(CLASSES.to_json())
    assert (
        main(["submission", "--scores", str(tmp_path / "F.npz"), "--out", str(tmp_path / "test.json")]) == 1
    )
    assert "action holds probabilities" in capsys.readouterr().err and not (tmp_path / "test.json").exists()


def _samples(folder, ids):
    n = len(ids)
    columns = {name: [None] * n for name in ("verb_id", "noun_id", "action_id", "dropped_because")} | {
        "sample_id": ids,
        "segment_id": ids,
        "video_id": ["P33_101"] * n,
        "split": ["test"] * n,
        **{
            name: [0.0] * n for name in ("window_start_s", "window_stop_s", "target_start_s", "target_stop_s")
        },
    }
    write_table(folder / "samples.parquet", SAMPLES, {name: columns[name] for name in SAMPLES_OF_THREE.names})
    return str(folder / "samples.parquet")


def test_a_missing_segment_and_a_wrong_level_are_errors(scores, tmp_path, capsys):
    line = ["submission", "--scores", str(scores[0]), "--out", str(tmp_path / "test.json")]
    assert main([*line, "--samples", _samples(tmp_path, IDS), "--split", "test"]) == 0
    (tmp_path / "test.json").unlink()
    assert main([*line, "--samples", _samples(tmp_path, [*IDS, "P33_101_999"])]) == 1
    assert "P33_101_999" in capsys.readouterr().err
    assert main([*line, "--sls-td", "6"]) == 1
    assert "sls_td 6" in capsys.readouterr().err
    assert not (tmp_path / "test.json").exists()


def test_an_archive_does_not_say_of_which_split_it_is(scores, tmp_path, capsys):
    line = ["submission", "--scores", str(scores[0]), "--out", str(tmp_path / "test.json")]
    assert main([*line, "--split", "test"]) == 1
    assert "--split test of an archive" in capsys.readouterr().err
    assert main(line) == 0
    assert "not checked" in capsys.readouterr().out
    samples = _samples(tmp_path, IDS)
    assert main([*line, "--samples", samples, "--split", "validation"]) == 1
    assert "the 0 of split validation" in capsys.readouterr().err
    assert main([*line, "--samples", samples]) == 0
    assert "300 segments of test" in capsys.readouterr().out


SIZES = {"verb": 125, "noun": 352}
MORE = {head: tuple(f"{head[0]}{i}" for i in range(count)) for head, count in SIZES.items()}
EPIC55 = replace(CLASSES, heads={**CLASSES.heads, **MORE})
FEW = replace(
    CLASSES,
    heads={**CLASSES.heads, "action": CLASSES.names("action")[:99]},
    composition={"action": {part: ids[:99] for part, ids in CLASSES.parts("action").items()}},
)


@pytest.mark.parametrize(
    ("classes", "says"),
    [(EPIC55, "125 verbs and 352 nouns"), (FEW, "at least 100")],
    ids=["EPIC-55", "99 actions"],
)
def test_other_classes_are_an_error(classes, says, tmp_path, capsys):
    np.savez(
        tmp_path / "F.npz",
        sample_id=np.array(["x"]),
        action=np.zeros((1, len(classes.names("action"))), np.float32),
    )
    (tmp_path / "F.classes.json").write_text(classes.to_json())
    assert main(["submission", "--scores", str(tmp_path / "F.npz"), "--out", str(tmp_path / "o.json")]) == 1
    assert says in capsys.readouterr().err
