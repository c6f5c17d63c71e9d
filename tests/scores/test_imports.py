"""Scores of other programs, read in every format and made into a cache."""

from __future__ import annotations

import numpy as np
import pytest
from foreign_scores import FULL, IDS, LOGITS, h5, npz

from foretaste.__main__ import main
from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.scores.exchange import export
from foretaste.scores.importing import import_scores
from foretaste.scores.reader import open_scores
from foretaste.scores.verify import verify


@pytest.mark.parametrize("name", FULL)
def test_an_import_is_a_cache_that_says_where_it_comes_from(scores, tmp_path, name):
    path, out = tmp_path / FULL[name], tmp_path / "imported"
    export(scores, "validation", name, path, 5)
    beside = path.with_suffix(".classes.json")
    import_scores({"validation": path}, beside, out, licence="CC BY 4.0")
    made = verify(out)
    assert made.sample_ids("validation") == scores.sample_ids("validation")
    assert made.scored("validation") == "not stated"
    assert made.manifest["facts"]["imported"] == [
        {"split": "validation", "file": FULL[name], "sha256": artifact.sha256(path)}
    ]
    logits = {head: made.logits("validation", head) for head in made.heads}
    for head, found in logits.items():
        wanted = scores.logits("validation", head)
        assert (found.argmax(1) == wanted.argmax(1)).all()
        apart = (found - found.max(1, keepdims=True)) - (wanted - wanted.max(1, keepdims=True))
        assert np.abs(apart).max() < 2e-2  # half precision once more
    sheet = (out / "README.md").read_text()
    assert "Licence of the data set that was scored: CC BY 4.0." in sheet
    assert "Terms of its use: not stated." in sheet
    assert f"`{FULL[name]}`, sha256 `{artifact.sha256(path)}`" in sheet
    with pytest.raises(DataError, match="it is there already"):
        import_scores({"validation": path}, beside, out)


def test_a_files_of_avt_are_read_as_they_are_and_by_the_command(tmp_path, classes, capsys):
    h5(tmp_path / "0.h5")
    npz(tmp_path / "train.npz", ids=[f"t{i}" for i in range(20)])
    files = [str(tmp_path / "train.npz"), str(tmp_path / "0.h5")]
    splits = ["--split", "training", "validation", "--trained-on", "training"]
    command = [
        "scores",
        "import",
        *files,
        *splits,
        "--classes",
        str(classes),
        "--out",
        str(tmp_path / "made"),
    ]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "training  20 samples, 20 distinct inputs, in-sample, seen as whole" in said
    assert "validation  20 samples, 20 distinct inputs, held-out, seen as whole" in said
    assert "licence  not stated" in said
    assert "imported  validation from 0.h5, sha256 " in said
    made = verify(tmp_path / "made")
    assert made.sample_ids("validation") == tuple(IDS)
    np.testing.assert_allclose(made.logits("validation", "action"), LOGITS, atol=2e-2)


def test_equal_imports_are_equal_bytes(tmp_path, classes):
    h5(tmp_path / "F.h5")
    for name in "ab":
        import_scores({"test": tmp_path / "F.h5"}, classes, tmp_path / name)
    files = [file for file in (tmp_path / "a").rglob("*") if file.is_file()]
    assert len(files) == 5
    for file in files:
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()


def test_an_import_needs_a_class_list_and_a_split_for_every_file(tmp_path, capsys):
    npz(tmp_path / "F.npz")
    out = ["--out", str(tmp_path / "made")]
    assert main(["scores", "import", str(tmp_path / "F.npz"), "--split", "test", *out]) == 1
    assert "F.classes.json" in capsys.readouterr().err
    assert main(["scores", "import", str(tmp_path / "F.npz"), "--split", "a", "b", *out]) == 1
    assert "1 files of splits a, b" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["scores", "import", str(tmp_path / "F.npz"), *out])


@pytest.mark.parametrize(
    ("split", "trained_on"),
    [("validaton", "training"), ("test", "trainig"), ("../../x", "training"), ("", "training")],
)
def test_a_misspelt_split_is_no_split(split, trained_on, classes, tmp_path, capsys):
    """Its rows would count as held out."""
    npz(tmp_path / "F.npz")
    words = ["--classes", str(classes), "--out", str(tmp_path / "made"), "--trained-on", trained_on]
    assert main(["scores", "import", str(tmp_path / "F.npz"), "--split", split, *words]) == 1
    assert "one of held_out, test, training, validation" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_nobody_knows_of_an_average_what_nobody_said_of_a_part(tmp_path, classes):
    from foretaste.scores.average import joint_terms, joint_trained_on

    npz(tmp_path / "F.npz")
    import_scores({"training": tmp_path / "F.npz"}, classes, tmp_path / "a", licence="CC BY 4.0")
    import_scores({"training": tmp_path / "F.npz"}, classes, tmp_path / "b", trained_on=["training"])
    sources = [open_scores(tmp_path / name) for name in "ab"]
    assert joint_trained_on(sources) is None
    assert joint_trained_on(sources[1:] * 2) == ["training"]
    assert joint_terms(sources) == {"licence": "CC BY 4.0; not stated", "terms": None}
