"""Scores are written for other programs whole, or as a list of the best classes beside what is left."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from foreign_scores import FULL
from made_up_scores import CLASSES, make_cache

from foretaste.contracts.errors import ConfigError
from foretaste.scores.exchange import FORMATS, export, read_split
from foretaste.scores.reader import open_scores


@pytest.mark.parametrize("name", FULL)
def test_what_is_exported_whole_reads_back_as_the_cache(scores, tmp_path, name):
    export(scores, "validation", name, tmp_path / FULL[name], 5)
    ours, theirs = read_split(scores.folder, "validation"), read_split(tmp_path / FULL[name], "validation")
    assert theirs.sample_ids == ours.sample_ids
    assert theirs.classes == ours.classes == CLASSES
    for head in ("action", "verb"):
        shift = ours.logits[head].max(axis=1, keepdims=True)
        there = theirs.logits[head] - theirs.logits[head].max(axis=1, keepdims=True)
        np.testing.assert_allclose(there, ours.logits[head] - shift, atol=2.0**-13)


def test_the_sidecar_holds_the_best_classes_their_mass_and_what_is_left(scores, tmp_path):
    export(scores, "validation", "parquet", tmp_path / "F.parquet", 3)
    file = pq.ParquetFile(tmp_path / "F.parquet", page_checksum_verification=True)
    table = file.read()
    logits = scores.logits("validation", "action").astype(np.float64)
    share = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    index = np.array(table["action.class_id"].to_pylist())
    kept = np.exp(np.array(table["action.log_prob"].to_pylist()))
    np.testing.assert_array_equal(index, np.argsort(-logits, axis=1, kind="stable")[:, :3])
    np.testing.assert_allclose(kept, np.take_along_axis(share, index, axis=1), rtol=2.0**-14)
    tail = table["action.tail"].to_numpy()
    np.testing.assert_allclose(tail, 1 - np.take_along_axis(share, index, axis=1).sum(1), atol=1e-6)
    assert table["sample_id"].to_pylist() == list(scores.sample_ids("validation"))
    assert table.schema.metadata == {b"identity": scores.identity.encode(), b"split": b"validation"}
    assert len(table["verb.class_id"][0]) == 2  # no more than there are


def test_a_few_rows_of_the_sidecar_can_be_fetched_alone(tmp_path):
    make_cache(tmp_path / "scores", samples=2500)
    export(open_scores(tmp_path / "scores"), "validation", "parquet", tmp_path / "F.parquet", 3)
    facts = pq.ParquetFile(tmp_path / "F.parquet").metadata
    assert facts.num_row_groups == 3
    for column in range(facts.num_columns):
        chunk = facts.row_group(1).column(column)
        assert chunk.has_offset_index and chunk.has_column_index, chunk.path_in_schema
    found = pq.read_table(tmp_path / "F.parquet", filters=[("sample_id", "=", "validation-1500")])
    assert found["sample_id"].to_pylist() == ["validation-1500"]


def test_a_file_of_a_wrong_name_is_not_written(scores, tmp_path):
    for name in FORMATS:
        with pytest.raises(ConfigError, match=f"of format {name}"):
            export(scores, "validation", name, tmp_path / "F.txt", 3)
    (tmp_path / "F.txt").write_text("")
    with pytest.raises(ConfigError, match=r"a file \.txt"):
        read_split(tmp_path / "F.txt", "validation")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["F.txt", "scores"]
