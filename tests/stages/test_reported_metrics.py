"""Metrics of other scores, or of another version, are refused by the report."""

import json
import re

import pytest
from made_up_run import make_run

from foretaste.contracts.errors import DataError
from foretaste.pipeline import artifact
from foretaste.stages import report


def test_metrics_of_other_scores_are_noticed(tmp_path):
    step = make_run(tmp_path, seeds=1, videos={"training": 2, "validation": 3}, actions=15, with_videos=False)
    path = step.inputs["metrics"][-1]
    metrics = json.loads(path.read_text())
    metrics["action"]["top1"] += 1.0
    path.write_text(json.dumps(metrics))
    with pytest.raises(DataError, match=r"top1 is .* from scores, .* from metrics.*evaluate again"):
        report.run(step)
    assert not step.outputs["summary"].exists()


def test_metrics_of_another_version_are_refused_by_name(tmp_path):
    step = make_run(tmp_path, seeds=1, videos={"training": 2, "validation": 2}, actions=6)
    path = step.inputs["metrics"][0]
    artifact.write_json(path, artifact.read_json(path) | {"format": 1})
    with pytest.raises(
        DataError, match=f"metrics of another version: {re.escape(str(path))}: format 2: evaluate again"
    ):
        report.run(step)
