"""The streaming reader of layer1.json: every border of its window, every kind of damage, and its memory."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.contracts.errors import DataError
from foretaste.text import recipe_array
from foretaste.text.digests import Digests
from foretaste.text.recipes import BadRow, read_recipes


def row(number: int, **changes) -> dict:
    made = {
        "id": f"{number:010x}",
        "title": f"Soup {number}",
        "partition": ("train", "val", "test")[number % 3],
        "url": "http://x/",
        "ingredients": [{"text": "1 onion"}],
        "instructions": [{"text": "Chop the onion, “finely” é 🍲."}, {"text": f"Boil {number} minutes."}],
    }
    made.update(changes)
    return {key: value for key, value in made.items() if value is not ...}


def write(path: Path, rows: list, **options) -> Path:
    path.write_text(json.dumps(rows, **options), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "options", [{}, {"ensure_ascii": False}, {"indent": 2, "ensure_ascii": False}, {"separators": (",", ":")}]
)
def test_reads_what_json_reads_however_it_is_laid_out(tmp_path, options):
    rows = [row(n) for n in range(50)]
    got = list(read_recipes(write(tmp_path / "layer1.json", rows, **options)))
    assert [(r.id, r.partition, r.title, r.instructions) for r in got] == [
        (r["id"], r["partition"], r["title"], [i["text"] for i in r["instructions"]]) for r in rows
    ]
    assert [r.row for r in got] == list(range(50))


@pytest.mark.parametrize("window", [1, 2, 3, 7, 64, 1000])
def test_a_window_of_any_size_cuts_nothing(tmp_path, monkeypatch, window):
    rows = [row(n) for n in range(5)]
    path = write(tmp_path / "layer1.json", rows, ensure_ascii=False, indent=1)
    whole = list(read_recipes(path))
    monkeypatch.setattr(recipe_array, "WINDOW", window)
    assert list(read_recipes(path)) == whole and len(whole) == 5


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5),
    window=st.integers(1, 40),
    ascii=st.booleans(),
)
def test_any_text_comes_back_as_it_was(tmp_path_factory, texts, window, ascii):
    path = tmp_path_factory.mktemp("any") / "layer1.json"
    write(path, [row(0, instructions=[{"text": text} for text in texts])], ensure_ascii=ascii)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_array, "WINDOW", window)
        assert [r.instructions for r in read_recipes(path)] == [texts]


TEXTS = st.sampled_from(["", "id", '{"id": 1}, {"id":', "a}, {", "]", "\ud83c", "é", "🍲", "\\", '"'])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(TEXTS, values, max_size=4)
        | st.fixed_dictionaries({"id": values})
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(VALUES, max_size=8), window=st.integers(1, 200), ascii=st.booleans(),
    indent=st.sampled_from([None, 0, 2]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", "\t:")]),
)  # fmt: skip
def test_elements_parsed_many_at_once_are_those_of_json(
    tmp_path_factory, rows, window, ascii, indent, separators
):
    text = json.dumps(rows, ensure_ascii=ascii, indent=indent, separators=separators)
    path = tmp_path_factory.mktemp("any") / "layer1.json"
    path.write_bytes(text.encode("utf-8", "replace"))
    with pytest.MonkeyPatch.context() as patch, open(path, "rb") as file:
        patch.setattr(recipe_array, "WINDOW", window)
        assert list(recipe_array.elements(file, path)) == json.loads(path.read_text(encoding="utf-8"))


COMPRESS = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress}


@pytest.mark.parametrize("kind", COMPRESS)
def test_compressed_and_plain_are_told_apart_by_their_bytes(kind, tmp_path):
    plain = write(tmp_path / "a.gz", [row(n) for n in range(20)])
    for name in ("no_suffix", "b.json"):
        (tmp_path / name).write_bytes(COMPRESS[kind](plain.read_bytes()))
        assert list(read_recipes(tmp_path / name)) == list(read_recipes(plain))


@pytest.mark.parametrize("text", ["[]", " [ ] ", "\ufeff[]\n"])
def test_an_empty_array_holds_no_recipes(tmp_path, text):
    (tmp_path / "layer1.json").write_text(text, encoding="utf-8")
    assert list(read_recipes(tmp_path / "layer1.json")) == []


BROKEN = {
    "a list where an object should be": [1],
    "a str where an object should be": "soup",
    "a NoneType where an object should be": None,
    "no id": row(1, id=...),
    "id is a number, not text": row(1, id=7),
    "id is a list, not text": row(1, id=["soup"]),
    "title is an object, not text": row(1, title={"text": "Soup"}),
    "empty id": row(1, id=""),
    "no partition": row(1, partition=...),
    "partition 'dev' is none of train, val, test": row(1, partition="dev"),
    "no title": row(1, title=...),
    "no url": row(1, url=...),
    "no ingredients": row(1, ingredients=...),
    "ingredients[0] is not {text: ...}": row(1, ingredients=["onion"]),
    "no instructions": row(1, instructions=...),
    "instructions is no list": row(1, instructions={"text": "Boil."}),
    "instructions[1] is not {text: ...}": row(1, instructions=[{"text": "Boil."}, {"text": None}]),
    "instructions[0] holds half of a surrogate pair": row(1, instructions=[{"text": "\ud83c"}]),
    "title holds half of a surrogate pair": row(1, title="\udf72"),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_row_that_is_no_recipe_is_named_with_its_position(tmp_path, reason):
    path = write(tmp_path / "layer1.json", [row(0), BROKEN[reason], row(2)])
    with pytest.raises(DataError) as caught:
        list(read_recipes(path))
    assert reason in str(caught.value) and "row 1" in str(caught.value) and "layer1.json" in str(caught.value)
    bad: list[BadRow] = []
    assert [r.row for r in read_recipes(path, bad.append)] == [0, 2]
    assert [(b.row, b.reason) for b in bad] == [(1, reason)]


DAMAGE = {
    "it does not begin with [": b'{"id": 1}',
    "the array is not closed": b"[" + json.dumps(row(0)).encode(),
    "'{' where , or ] should be": b"[" + json.dumps(row(0)).encode() + b" {}]",
    "text after the array": b"[] []",
    "Expecting value": b"[" + json.dumps(row(0)).encode() + b",]",
    "the file ends within a recipe": b"[" + json.dumps(row(0)).encode()[:-40],
    "not UTF-8": b"[" + json.dumps(row(0)).encode() + b', {"id": "\xff"}]',
    "NaN is no JSON": b"[" + json.dumps(row(0)).encode() + b", NaN]",
}


@pytest.mark.parametrize("window", [8, 1 << 20])
@pytest.mark.parametrize("what", DAMAGE)
def test_damage_stops_the_reader_even_when_rows_may_be_skipped(tmp_path, monkeypatch, what, window):
    path = tmp_path / "layer1.json"
    path.write_bytes(DAMAGE[what])
    monkeypatch.setattr(recipe_array, "WINDOW", window)
    with pytest.raises(DataError) as caught:
        list(read_recipes(path, lambda bad: None))
    assert what in str(caught.value) and "layer1.json" in str(caught.value) and "byte" in str(caught.value)


def test_the_byte_of_bad_utf8_is_exact(tmp_path, monkeypatch):
    before = ("[" + json.dumps(row(0), ensure_ascii=False) + ", ").encode()
    path = tmp_path / "layer1.json"
    path.write_bytes(before + b'"\xc3("]')
    for window in (1, 5, 1 << 20):
        monkeypatch.setattr(recipe_array, "WINDOW", window)
        with pytest.raises(DataError, match=f"byte {len(before) + 1}:"):
            list(read_recipes(path))


def test_bad_utf8_is_said_to_be_in_its_row_after_those_before(tmp_path):
    path = tmp_path / "layer1.json"
    path.write_bytes(json.dumps([row(n) for n in range(5)]).encode().replace(b"Soup 3", b"Soup \xa9"))
    got = []
    with pytest.raises(DataError, match=r"not UTF-8.*row 3, byte"):
        for recipe in read_recipes(path):
            got.append(recipe.row)
    assert got == [0, 1, 2]


def test_a_value_deeper_than_json_reads_is_a_bad_row(tmp_path):
    path = tmp_path / "layer1.json"
    deep = json.dumps([row(0), row(1, id="deep"), row(2), row(3)]).replace('"deep"', "[" * 1000 + "]" * 1000)
    path.write_text(deep)
    with pytest.raises(RecursionError):
        json.loads(deep)
    bad: list[BadRow] = []
    assert [r.row for r in read_recipes(path, bad.append)] == [0, 2, 3]
    assert [(b.row, b.reason) for b in bad] == [(1, "id is a list, not text")]


def test_what_cannot_be_parsed_at_once_is_tried_once_a_window(tmp_path, monkeypatch):
    rows = [row(n, title="\ud83c" if n % 20 == 5 else "x") for n in range(400)]
    path, tries = write(tmp_path / "layer1.json", rows), []
    loads = recipe_array.orjson.loads
    monkeypatch.setattr(recipe_array.orjson, "loads", lambda text: tries.append(len(text)) or loads(text))
    bad: list[BadRow] = []
    assert len(list(read_recipes(path, bad.append))) == 380 and len(bad) == 20
    assert sum(tries) < 2 * path.stat().st_size


def test_windows_after_a_bad_row_are_parsed_at_once_again(tmp_path, monkeypatch):
    path, tries = (
        write(tmp_path / "layer1.json", [row(n, title="\ud83c" if n == 5 else "x") for n in range(1000)]),
        [],
    )
    loads = recipe_array.orjson.loads
    monkeypatch.setattr(recipe_array.orjson, "loads", lambda text: tries.append(len(text)) or loads(text))
    assert len(list(read_recipes(path, lambda bad: None))) == 999
    assert sum(tries) > path.stat().st_size - 2 * recipe_array.WINDOW


def test_the_byte_of_a_mistake_before_bad_utf8_is_exact(tmp_path, monkeypatch):
    before = ("[" + json.dumps(row(0), ensure_ascii=False) + ', {"id": "é", "url": ').encode()
    path = tmp_path / "layer1.json"
    path.write_bytes(before + b"oops}, " + b" " * 40 + b'"\xff"]')
    places = set()
    for window in range(1, len(path.read_bytes()) + 2):
        monkeypatch.setattr(recipe_array, "WINDOW", window)
        with pytest.raises(DataError, match="Expecting value") as caught:
            list(read_recipes(path))
        places.add(str(caught.value))
    assert len(places) == 1


def test_a_long_element_is_read_in_pieces_that_double(monkeypatch):
    monkeypatch.setattr(recipe_array, "WINDOW", 100)
    times, grow = [], recipe_array._Window.grow
    monkeypatch.setattr(
        recipe_array._Window, "grow", lambda window: times.append(window.read) or grow(window)
    )
    file = io.BytesIO(json.dumps([row(0, title="x" * 1_000_000)]).encode())
    assert len(list(recipe_array.elements(file, Path("layer1.json")))) == 1
    assert len(times) < 20


def test_a_mistake_in_the_middle_does_not_read_the_rest_of_the_file(tmp_path):
    path = tmp_path / "layer1.json"
    path.write_bytes(b"[" + json.dumps(row(0)).encode() + b', {"id": oops}, ' + b" " * (8 << 20) + b"]")
    with pytest.raises(DataError, match="row 1"), open(path, "rb") as file:
        list(recipe_array.elements(file, path))
        assert file.tell() < 4 << 20


@pytest.mark.parametrize("kind", COMPRESS)
def test_a_damaged_compressed_file_is_one_clear_error(kind, tmp_path):
    path = tmp_path / "layer1.json"
    good = COMPRESS[kind](json.dumps([row(n) for n in range(500)]).encode())
    changed = bytearray(good)
    changed[len(good) // 2] ^= 0xFF
    for bad in (good[:-20], good[:12], bytes(changed)):
        path.write_bytes(bad)
        with pytest.raises(DataError, match=f"damaged (recipes|{kind})|bad recipe"):
            list(read_recipes(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match="missing recipes"):
        list(read_recipes(tmp_path / "nowhere.json"))


def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for size in (2_500, 7_500):
        path = write(tmp_path / f"{size}.json", [row(n, title="x" * 1000) for n in range(size)])
        tracemalloc.start()
        assert sum(1 for _ in read_recipes(path)) == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert path.stat().st_size > 9e6 and peaks[1] < 1.1 * peaks[0] < 8e6


def test_real_recipes(shared_data):
    path = shared_data / "recipes" / "layer1_public_domain_a.json"
    got = list(read_recipes(path))
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert [(r.id, r.partition, r.title, r.instructions) for r in got] == [
        (r["id"], r["partition"], r["title"], [i["text"] for i in r["instructions"]]) for r in expected
    ]


def test_digests_say_what_a_set_says():
    digests, met = Digests(), set()
    for number in [*range(30_000), *range(0, 40_000, 7)]:
        text = f"{number:x}"
        assert digests.add(text) == (text not in met)
        met.add(text)
    assert digests.count == len(met)
