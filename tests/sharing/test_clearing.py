"""What `foretaste store` clears, and what stays."""

from __future__ import annotations

import json

from stored import make

from foretaste.__main__ import main
from foretaste.pipeline.links import give_names
from foretaste.pipeline.store import Store


def test_other_files_among_names_hide_no_result(tmp_path, capsys):
    store = Store(tmp_path / "results")
    key = make(store, "text")
    give_names(store, [(key, "scores", str(store.results / "d/scores"))])
    (store.results / "d/scores/A.npz").touch()
    assert main(["store", "--results", str(store.results), "drop", str(store.results / "d/scores")]) == 0
    assert capsys.readouterr().out == f"dropped {key}\n"


def test_a_damaged_list_of_jobs_is_one_line(tmp_path, capsys):
    store = Store(tmp_path / "results")
    make(store, "text")
    jobs = store.results / ".runs/1130-000000-abcdef/jobs.json"
    jobs.parent.mkdir(parents=True)
    for text, told in (('{"a', "not JSON"), ("[1]", "no list of jobs")):
        jobs.write_text(text)
        assert main(["store", "--results", str(store.results), "gc"]) == 1
        assert told in capsys.readouterr().err


def test_what_a_run_is_about_to_read_stays(tmp_path):
    """Of a run that was ended and goes on: what it made before has no name yet."""
    store = Store(tmp_path / "results")
    base, lone = make(store, "base"), make(store, "lone")
    job = store.results / ".steps/score-0.json"
    jobs = store.results / ".runs/1130-000000-abcdef/jobs.json"
    for path, value in (
        (job, {"needs": [base]}),
        (jobs, {"score/" + 20 * "0": "elsewhere/.steps/score-0.json"}),
    ):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(value))
    assert main(["store", "--results", str(store.results), "gc"]) == 0
    assert store.find(base) and store.find(lone) is None


def test_what_no_name_needs_can_go(tmp_path, capsys):
    store = Store(tmp_path / "results")
    base = make(store, "base")
    top, lone = make(store, "top", [base]), make(store, "lone")
    give_names(store, [(top, "scores", str(store.results / "d/scores"))])
    own = ["store", "--results", str(store.results)]
    assert main([*own, "gc", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith(lone) and store.find(lone)
    assert main([*own, "gc"]) == 0
    assert store.find(lone) is None and store.find(base) and store.find(top)
    assert main([*own, "drop", str(store.results / "d/scores")]) == 0 and store.find(top) is None
    assert main([*own, "drop", "score/../../.."]) == 1 and store.results.exists()
