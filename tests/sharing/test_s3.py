"""A bucket, for real: moto's server on this machine speaks S3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from stored import make

from foretaste.__main__ import main
from foretaste.pipeline.store import Store, faults
from foretaste.sharing.names import give_name, key_of
from foretaste.sharing.opening import open_place
from foretaste.sharing.remote import fetch, keys_at, publish, remote, verify


@pytest.fixture(scope="module")
def bucket():
    """The URL of a bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name, value in {
            "ACCESS_KEY_ID": "a",
            "SECRET_ACCESS_KEY": "b",
            "DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(f"AWS_{name}", value)
        boto3.client("s3").create_bucket(Bucket="ours")
        yield "s3://ours/results"
        server.stop()


def test_there_and_back(bucket, tmp_path):
    ours, theirs = Store(tmp_path / "ours"), Store(tmp_path / "theirs")
    key, place = make(ours, "text"), open_place(bucket)
    assert keys_at(place) == []
    assert publish(ours, key, place) > 0 and publish(ours, key, place) == 0
    assert keys_at(place) == [key] and list(verify(remote(place, key))) == []
    assert list(faults(fetch(remote(place, key), theirs))) == []


def test_who_give_one_name_at_once_have_a_version_each(bucket):
    places = [open_place(bucket) for _ in range(4)]
    keys = [f"score/{number:020x}" for number in range(len(places))]
    with ThreadPoolExecutor(len(keys)) as publishers:
        given = list(publishers.map(give_name, places, ["crowded"] * len(keys), keys))
    assert sorted(given) == [f"crowded@{version}" for version in range(1, len(keys) + 1)]
    assert [key_of(places[0], name) for name in given] == keys


def test_the_commands(bucket, tmp_path, capsys):
    ours, theirs = Store(tmp_path / "ours"), Store(tmp_path / "theirs")
    key = make(ours, "named")
    assert main(["store", "--results", str(ours.results), "publish", key, "--at", bucket, "--name", "n"]) == 0
    assert main(["store", "--results", str(theirs.results), "fetch", "n@1", "--at", bucket]) == 0
    assert theirs.find(key) is not None
    assert main(["store", "--results", str(ours.results), "publish", key, "--at", "s3://nobody/x"]) == 1
    said = capsys.readouterr().err
    assert "error: " in said and "nobody" in said and "Traceback" not in said


def test_a_service_that_is_not_there_is_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    assert main(["store", "--results", str(tmp_path), "ls", "--at", "s3://ours/elsewhere"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: cannot open it") and len(said.splitlines()) == 1
