import json

import pytest
from damage import damaged, malformed, outcomes

from foretaste.__main__ import main
from foretaste.contracts.classes import ClassSpace, read_classes
from foretaste.contracts.errors import ConfigError, DataError

CLASSES = ClassSpace(
    heads={
        "action": tuple(f"cut_{noun}" for noun in "abcde"),
        "verb": ("cut", "wash"),
        "noun": tuple("abcde"),
    },
    composition={"action": {"verb": (0,) * 5, "noun": tuple(range(5))}},
    groups={"tail": {"action": (3, 4), "verb": (1,)}},
    sample_groups={"unseen": ("P01_01",)},
)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "classes.json").write_text(CLASSES.to_json())
    return tmp_path / "classes.json"


def test_what_was_written_is_read_heads_in_the_datasets_order(path):
    space = read_classes(path)
    assert space == CLASSES and list(space.heads) == ["action", "verb", "noun"] and space.main == "action"
    turned = ClassSpace(heads={"noun": ("b", "a"), "action": ("x",)})
    path.write_text(turned.to_json())
    assert read_classes(path).main == "noun" and read_classes(path).to_json() == turned.to_json()


def test_a_dataset_may_have_one_head_of_any_name(path):
    one = ClassSpace(heads={"template": ("pushing something", "pulling something")})
    path.write_text(one.to_json())
    space = read_classes(path)
    assert space == one and space.main == "template" and not space.parts("template")
    assert space.sizes(("template",)) == {"template": 2}
    with pytest.raises(ConfigError, match=r"the head 'action'.*heads of the dataset: template"):
        space.sizes(("action",))
    with pytest.raises(ConfigError, match=r"unknown head 'templates'.*did you mean 'template'"):
        space.names("templates")


def test_a_list_of_the_first_format_says_to_read_the_annotations_again(path):
    path.write_text(json.dumps({"format": 1, "action": ["a"], "verb": [], "noun": []}))
    with pytest.raises(DataError, match=r"format 1.*rerun read_annotations"):
        read_classes(path)


def test_300_damaged_and_malformed_class_lists_are_one_line_each(path):
    whole = path.read_bytes()

    def one(seed):
        path.write_bytes(damaged(whole, seed) if seed % 2 else malformed(whole, seed))
        space = read_classes(path)
        for head, parts in space.composition.items():
            for part, ids in parts.items():
                assert len(ids) == len(space.names(head)) and max(ids) < len(space.names(part))
        space.to_json().encode()

    lines, passed = outcomes(one, range(300))
    # A letter of a name may change: then it is another class list, which whoever relies on this one notices
    # by its digest.
    assert len(lines) > 240 and len(lines) + passed == 300
    assert all(str(path) in line for line in lines)


def edited(path, place, value):
    """The list with one value, named by its keys, put in place of another."""
    content = json.loads(path.read_text())
    *outer, last = place.split(".")
    inner = content
    for key in outer:
        inner = inner[key]
    inner[last] = value
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("format", 3, "class list of format 3"),
        ("format", True, "no class list, for its format is true"),
        ("heads", {}, "no heads"),
        ("heads.scene", [], "scene without classes"),
        ("heads.Scene", ["a"], "a head called 'Scene'"),
        ("heads.samples", ["a"], "a head called 'samples'"),
        ("heads.past_verb", ["a"], "a head called 'past_verb'"),
        ("heads.action", [1, 2, 3, 4, 5], "action.0: .*got 1"),
        ("heads.verb", ["cut", "cut"], "verb 'cut' occurs twice"),
        ("heads.verb", "cut", "heads.verb: "),
        ("composition.action.verb", ["0", 0, 0, 0, 0], "action.verb.0"),
        ("composition.action.verb", [0.5, 0, 0, 0, 0], "action.verb.0"),
        ("composition.action.verb", [2, 0, 0, 0, 0], "action.verb names class 2: .*2 verb classes"),
        ("composition.action.noun", [-1, 0, 0, 0, 0], "action.noun names class -1"),
        ("composition.action.noun", [0, 1], "differ in number"),
        ("composition.action.scene", [0] * 5, "names the head 'scene'"),
        ("composition.scene", {"verb": [0]}, "names the head 'scene'"),
        ("composition.verb", {"noun": [0, 1]}, "action made of verb, which is made of others"),
        ("groups.tail.action", [10**30], "groups.tail names class 10"),
        ("groups.tail.action", [5], "groups.tail names class 5"),
        ("groups.tail.scene", [0], "groups.tail names the head 'scene'"),
        ("sample_groups.unseen", [1], "sample_groups.unseen.0"),
        ("scene", [], "scene"),
    ],
)
def test_what_is_wrong_is_named(path, place, value, message):
    edited(path, place, value)
    with pytest.raises((DataError, ConfigError), match=message):
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
