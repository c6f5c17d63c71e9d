"""Whatever a file of published weights has become on its way here is one line that names it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch
from damage import damaged, outcomes
from safetensors.torch import save as as_safetensors

from foretaste.contracts.errors import DataError
from foretaste.models import weight_files

STATE = {
    f"blocks.{i}.{name}": torch.arange(n).float()
    for i in range(4)
    for name, n in (("weight", 192), ("bias", 8))
}


def pth(*, legacy: bool) -> bytes:
    """A checkpoint as training programs write it: a tied weight, and an optimizer beside the model."""
    tied = {**STATE, "head.weight": STATE["blocks.0.weight"]}
    file = io.BytesIO()
    torch.save(
        {"model": tied, "epoch": 3, "optimizer": {"lr": [0.1, (1, 2)]}},
        file,
        _use_new_zipfile_serialization=not legacy,
    )
    return file.getvalue()


def read(path: Path, data: bytes, entry: str | None) -> dict[str, torch.Tensor]:
    path.write_bytes(data)
    return weight_files.read(path, [] if entry is None else [entry])


@pytest.mark.parametrize(
    ("name", "legacy", "least"),
    [("zip.pth", False, 250), ("legacy.pth", True, 150), ("zip.bin", False, 250), ("legacy.bin", True, 150)],
)
def test_300_damaged_checkpoints_are_one_line_each(tmp_path, name, legacy, least, recwarn):
    data = pth(legacy=legacy)
    whole = read(tmp_path / name, data, "model")

    def one(seed: int) -> None:
        got = read(tmp_path / name, damaged(data, seed), "model")
        if not legacy:  # its checksums cover every number; the bare pickles of old have none
            assert all(torch.equal(got[key], tensor) for key, tensor in whole.items()), seed

    lines, passed = outcomes(one, range(300))
    assert len(lines) >= least and len(lines) + passed == 300
    assert all(str(tmp_path / name) in line for line in lines)
    assert not recwarn.list


def test_300_damaged_safetensors_files_are_one_line_each(tmp_path):
    data = as_safetensors(STATE)
    lines, _ = outcomes(lambda seed: read(tmp_path / "a.safetensors", damaged(data, seed), None), range(300))
    assert len(lines) >= 100 and all(str(tmp_path) in line for line in lines)


@pytest.mark.parametrize("suffix", [".pth", ".bin", ".safetensors"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 47376696\n",
            "a Git-LFS pointer.*git lfs pull",
        ),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "a web page"),
        (b"\n  <html>404</html>", "a web page"),
        (bytes(1000), "unreadable weights"),
        (b"PK\x03\x04", "unreadable weights"),
        (b"\x80\x02}q\x00.", "unreadable weights"),
    ],
)
def test_what_stands_where_weights_should_is_named(tmp_path, suffix, content, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path / f"weights{suffix}", content, None)


def test_a_compressed_archive_is_no_checkpoint_however_large_its_numbers(tmp_path):
    """Ten gigabytes of zeros would be ten megabytes."""
    torch.save(STATE, tmp_path / "a.pth")
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as source,
        zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            target.writestr(member.filename, source.read(member))
    with pytest.raises(DataError, match="is compressed"):
        weight_files.read(tmp_path / "b.pth")


def test_a_tensor_larger_than_its_file_is_refused(tmp_path):
    """A shape of 4 TB over one stored number."""
    torch.save({"a": torch.zeros(1).expand(10**12)}, tmp_path / "a.pth")
    with pytest.raises(DataError, match="a is larger than its file"):
        weight_files.read(tmp_path / "a.pth")


def test_names_that_are_no_texts_are_no_table_of_parameters(tmp_path):
    torch.save({1: torch.zeros(2)}, tmp_path / "a.pth")
    with pytest.raises(DataError, match="not a table of tensors"):
        weight_files.read(tmp_path / "a.pth")
