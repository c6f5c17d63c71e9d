import json

import pytest
from damage import damaged, malformed, outcomes

from foretaste.__main__ import main
from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import DataError

CLASSES = ClassSpace(
    action=tuple(f"cut_{noun}" for noun in "abcde"),
    verb=("cut", "wash"),
    noun=tuple("abcde"),
    action_verb=(0,) * 5,
    action_noun=tuple(range(5)),
)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "classes.json").write_text(CLASSES.to_json())
    return tmp_path / "classes.json"


def test_what_was_written_is_read(path):
    assert read_classes(path) == CLASSES


def test_300_damaged_and_malformed_class_lists_are_one_line_each(path):
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        space = read_classes(path)
        assert len(space.action) == len(space.action_verb) and max(space.action_noun) < len(space.noun)
        space.to_json().encode()

    lines, passed = outcomes(one, range(300))
    # A letter of a name may change: then it is another class list, which whoever relies on this one notices
    # by its digest.
    assert len(lines) > 240 and len(lines) + passed == 300
    assert all(str(path) in line for line in lines)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "class list of format 2"),
        ({"format": True}, "no class list, for its format is true"),
        ({"action": [1, 2, 3, 4, 5]}, "action.0: .*got 1"),
        ({"action_verb": ["0", 0, 0, 0, 0]}, "action_verb.0"),
        ({"action_verb": [0.5, 0, 0, 0, 0]}, "action_verb.0"),
        ({"action_verb": [2, 0, 0, 0, 0]}, "action_verb names class 2: .*2 verb classes"),
        ({"action_noun": [-1, 0, 0, 0, 0]}, "action_noun names class -1"),
        ({"action_noun": [0, 1]}, "differ in number"),
        ({"many_shot_action": [10**30]}, "many_shot_action"),
        ({"verb": ["cut", "cut"]}, "verb 'cut' occurs twice"),
        ({"verb": "cut"}, "verb: "),
        ({"scene": []}, "scene"),
    ],
)
def test_what_is_wrong_is_named(path, change, message):
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match=message):
        read_classes(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[" * 100_000, b'{"format": 1, "format": 1}', b"NaN", b"\xef\xbb\xbf{}", b"[]"],
)
def test_a_file_that_is_no_json_is_one_line_of_the_command(path, content, capsys):
    path = path.rename(path.with_name("F.classes.json"))
    path.write_bytes(content)
    scores = path.with_name("F.npz")
    scores.write_bytes(b"")
    assert main(["evaluate", "--scores", str(scores), "--samples", "x.parquet", "--split", "validation"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1 and str(path) in err and "Traceback" not in err
