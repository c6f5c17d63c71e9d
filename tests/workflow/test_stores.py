"""Stores between two working copies, through snakemake: what one has made another fetches, reads or pins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import copy_to
from tiny_epic55 import write_labels

from foretaste.pipeline.store import Store, entry_of
from foretaste.sharing.names import give_name
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import publish

pytestmark = pytest.mark.slow

MODEL = "epic55/lm_avt_counts/seed0/teacher_unigram"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A place with all results of one working copy; (place, data, key of a teacher's scores)."""
    folder = tmp_path_factory.mktemp("published")
    write_labels(folder / "data")
    first = copy_to(folder / "first")
    first.snakemake("teachers", *config(folder / "data"))
    store, place = Store(first.folder / "results"), open_place(str(folder / "place"))
    for key in store.keys():  # noqa: SIM118 (no mapping)
        publish(store, key, place)
    scores = "/".join(entry_of(first.folder / "results" / MODEL / "scores").parts[-2:])
    give_name(place, "unigram", scores)
    return place, folder / "data", scores


def config(data, *more):
    return ("--config", "dataset=epic55", "systems=lm_avt_counts", f"data_root={data}", *more)


def jobs(checkout, *arguments) -> set[str]:
    """The rules of a dry run."""
    text = checkout.snakemake("-n", *arguments).stdout
    return set(re.findall(r"^Job \d+: (\w+) ", text, re.M))


def test_what_a_store_has_is_fetched_and_nothing_is_made(published, fresh):
    place, data, _ = published
    more = config(data, f"stores=file://{place.where}")
    metrics = f"results/{MODEL}/metrics.json"
    assert jobs(fresh, metrics, *more) == {"fetch_result", "name_results"}
    assert not (fresh.folder / "results/.store").exists(), "a dry run writes nothing"
    fresh.snakemake(metrics, *more)
    assert {folder.name for folder in (fresh.folder / "results/.store").glob("[a-z]*")} == {"evaluate"}
    assert "Nothing to be done" in fresh.snakemake(metrics, *more).stdout


def test_a_folder_is_read_where_it_lies(published, fresh):
    place, data, _ = published
    assert jobs(fresh, "teachers", *config(data, f"stores={place.where}")) == {"name_results"}
    fresh.snakemake("teachers", *config(data, f"stores={place.where}"))
    assert entry_of(fresh.folder / "results" / MODEL / "scores").is_relative_to(place.where)


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/new" && exec "$@"'


def test_a_read_only_place_serves_a_run_and_its_samples_are_trained_on(published, fresh):
    """A mount, for a mode binds no root."""
    place, data, _ = published
    mounted = ("unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, place.where)
    if fresh.run(*mounted, "true", check=False).returncode:
        pytest.skip("no mounts of one's own here")
    before = [(path, path.lstat().st_mtime_ns) for path in sorted(Path(place.where).rglob("*"))]
    for rule in ("start", "end"):
        more = config(data, f"stores={place.where}", f"history_rule={rule}")
        fresh.run(
            *mounted, "snakemake", "--quiet", "host", "--cores", "1", f"results/{MODEL}/metrics.json", *more
        )
    assert [(path, path.lstat().st_mtime_ns) for path in sorted(Path(place.where).rglob("*"))] == before
    made = {folder.name for folder in (fresh.folder / "results/.store").glob("[a-z]*")}
    assert "train" in made and not made & {"read_annotations", "make_samples"}


def test_scores_can_be_pinned_and_differ_only_if_that_is_meant(published, fresh):
    place, data, scores = published
    pinned = f"results/{MODEL}/scores"
    stores, edit = f"stores=file://{place.where}", "history_rule=end"
    more = config(data, stores, "set=teacher_unigram.reuse=unigram@1")
    assert jobs(fresh, pinned, *more) == {"fetch_result", "name_results"}
    refused = fresh.snakemake("-n", pinned, *more, edit, check=False)
    assert refused.returncode == 1
    assert re.search(r"error: unigram@1 was made of something else .*differs: true", refused.stdout)
    meant = config(data, stores, edit, "set=teacher_unigram.reuse={name: unigram@1, differs: true}")
    fresh.snakemake(pinned, *meant)
    assert "/".join(entry_of(fresh.folder / pinned).parts[-2:]) == scores
    unknown = fresh.snakemake(
        "-n", pinned, *config(data, stores, "set=teacher_unigram.reuse=ungram@1"), check=False
    )
    assert unknown.returncode == 1 and "error: no result named 'ungram@1'" in unknown.stdout
