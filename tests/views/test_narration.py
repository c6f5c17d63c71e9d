import numpy as np
import pyarrow as pa
import pytest
import tiny_lm
from spaces import SEGMENTS_OF_THREE

from foretaste.contracts.errors import DataError
from foretaste.contracts.view import Look, Sources
from foretaste.settings import families
from foretaste.tasks import recognition
from foretaste.training.material import latest_allowed
from foretaste.training.samples import check_boundary, join
from foretaste.views import narration

TOLD = ("take pan", "open the fridge", "Take  pan", "take pan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm")
    tiny_lm.write_tokenizer(folder)
    return folder


def sources(folder, told) -> Sources:
    count = len(told)
    columns = {name: [None] * count for name in SEGMENTS_OF_THREE.names} | {
        "segment_id": [f"s{number}" for number in range(count)],
        "dataset": ["small"] * count,
        "split": ["training"] * count,
        "video_id": ["v"] * count,
        "start_s": [10.0 * number for number in range(count)],
        "stop_s": [10.0 * number + 5 for number in range(count)],
        "narration": list(told),
        "action_id": [0] * count,
    }
    arrays = [pa.array(columns[field.name], type=field.type) for field in SEGMENTS_OF_THREE]
    segments = pa.table(arrays, schema=SEGMENTS_OF_THREE)
    samples = recognition.build(recognition.Config(), segments=segments)
    return Sources(samples=samples, segments=segments, pretrained=folder)


def build(folder, told=TOLD, **settings):
    return families.build("views", {"kind": "narration", **settings}, sources=sources(folder, told))


def test_a_row_is_the_tokens_of_its_own_narration_under_every_look(folder):
    view = build(folder)
    words = {word: index for index, word in enumerate((*tiny_lm.SPECIAL, *tiny_lm.WORDS))}
    found = view.fetch([0, 1]).inputs
    assert found["input_ids"].tolist() == [
        [2, words["take"], words["pan"], 3, 0],
        [2, words["open"], 1, words["fridge"], 3],
    ]
    assert found["attention_mask"].tolist() == [[True] * 4 + [False], [True] * 5]
    again = view.fetch([0, 1], Look(1, 2)).inputs
    assert all((again[name] == found[name]).all() for name in found)
    assert view.weights().tolist() == [4, 5, 4, 4]


def test_equal_texts_have_one_digest_and_so_are_scored_once(folder):
    view = build(folder)
    digests = [view.digest(row) for row in range(4)]
    assert digests[0] == digests[2] == digests[3] != digests[1] and len(digests[0]) == 16


def test_what_it_shows_is_as_late_as_the_end_of_the_action(folder):
    """So it may be shown where the window is the action, and nowhere else."""
    view, given = build(folder), sources(folder, TOLD)
    assert view.newest_s(1) == 15.0
    everything = join(view, given.samples, range(len(view)))
    check_boundary(everything, given.samples, latest_allowed({"kind": "narration"}))
    ahead = given.samples.set_column(
        given.samples.column_names.index("window_stop_s"), "window_stop_s", pa.array([1.0] * 4)
    )
    with pytest.raises(DataError, match=r"the view shows 5\.000 s"):
        check_boundary(everything, ahead, "window_stop_s")


def test_longest_cuts(folder):
    long = " ".join(["take pan"] * 20)
    ids = build(folder, [long], longest=8).fetch([0]).inputs["input_ids"][0].tolist()
    assert len(ids) == 8 and (ids[0], ids[-1]) == (2, 3)


@pytest.mark.parametrize("empty", [None, "", "   ", "\u200b", "\u200b \u2060"])
def test_an_empty_narration_is_named(folder, empty):
    told = ["take pan", empty]
    reasons = narration.unseen(narration.Config(), sources(folder, told))
    assert reasons.tolist() == [None, "no narration"] and isinstance(reasons, np.ndarray)
    with pytest.raises(DataError, match=r"sample 's1' has no narration: .*: a narration for every sample"):
        build(folder, told)
