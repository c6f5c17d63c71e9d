"""Files that are no model, damaged ones, and files of different models are refused by name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from damage import damaged, outcomes
from fetching import FILES, from_folder, step_of
from language_models import publish

from foretaste.contracts.errors import DataError
from foretaste.models.hf_folder import take_over

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 47376696\n"
PAGE = "<!doctype html>\n<html><head><title>Hugging Face</title></head></html>\n"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("content", "message"),
    [(POINTER, "a Git-LFS pointer.*git lfs pull"), (PAGE, "a web page"), ("", "an empty file")],
    ids=["pointer", "page", "empty"],
)
def test_what_stands_where_a_file_should_is_refused_by_name(tmp_path, file, content, message):
    published = publish(tmp_path / "hub", "albert")
    (published / file).write_text(content)
    with pytest.raises(DataError, match=f"{message}") as caught:
        from_folder(tmp_path / "results", published)
    assert str(published / file) in str(caught.value)
    assert not (tmp_path / "results" / "weights" / "tiny").exists()


def test_a_pointer_is_one_line_of_the_command(tmp_path):
    published = publish(tmp_path / "hub", "albert")
    (published / "model.safetensors").write_text(POINTER)
    path = step_of(
        tmp_path / "results",
        {"source": "folder", "name": "tiny", "revision": None},
        [published / name for name in FILES],
    )
    command = [sys.executable, "-m", "foretaste", "fetch_weights", "--step", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: a Git-LFS pointer") and "git lfs pull" in done.stderr


def test_files_of_different_models_are_refused(tmp_path):
    """Each is sound: a training would stop at them after its corpus was read."""
    bert, roberta = publish(tmp_path / "bert", "bert"), publish(tmp_path / "roberta", "roberta")
    for file, message in (
        ("model.safetensors", "weights that do not fit"),
        ("tokenizer.json", "not in the vocabulary|entries and a network"),
    ):
        mixed = publish(tmp_path / file, "bert")
        (mixed / file).write_bytes((roberta / file).read_bytes())
        with pytest.raises(DataError, match=message):
            from_folder(tmp_path / "results", mixed)
    from_folder(tmp_path / "results", bert)


@pytest.mark.parametrize("file", FILES)
def test_damaged_files_of_a_model_are_one_line_each(tmp_path, file):
    published = publish(tmp_path / "hub", "distilbert")
    whole = (published / file).read_bytes()

    def one(seed: int) -> None:
        (published / file).write_bytes(damaged(whole, seed))
        from_folder(tmp_path / "results", published)

    lines, _ = outcomes(one, range(40))
    assert len(lines) >= (1 if file == "tokenizer_config.json" else 10), len(lines)
    assert all(str(published) in line for line in lines)


def test_a_bin_that_would_run_code_is_refused(tmp_path):
    class Run:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    published = publish(tmp_path / "hub", "bert")
    (published / "model.safetensors").unlink()
    torch.save({"bert": Run()}, published / "pytorch_model.bin")
    with pytest.raises(DataError, match="unreadable weights"):
        take_over(published, tmp_path / "own")
    assert not (tmp_path / "harm").exists()


def test_a_folder_without_weights_or_config(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    (published / "model.safetensors").unlink()
    with pytest.raises(DataError, match="no weights"):
        take_over(published, tmp_path / "a")
    (published / "config.json").unlink()
    with pytest.raises(DataError, match="not a model"):
        take_over(published, tmp_path / "b")
