"""A language model becomes an artifact: from a folder, from the hub (a server on this machine that speaks its
protocol), or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from damage import damaged, outcomes
from jobs import raw_job, record_of
from language_models import KINDS, publish
from safetensors.torch import load_file
from vision_folders import write

from foretaste.contracts.errors import DataError
from foretaste.models.hf_folder import take_over
from foretaste.models.language_model import load_language_model
from foretaste.models.vision_folder import read_pixels
from foretaste.pipeline.running import run_job
from foretaste.pipeline.store import RECORD, Store, entry_of, read_entry
from foretaste.stages import fetch_weights
from foretaste.text.tokenizer import Tokenizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def step_of(results: Path, facts: dict, files: list[Path] = ()) -> Path:
    """The file of a step, as the workflow writes it."""
    inputs = {"files": files} if files else {}
    record = record_of("fetch_weights", facts, inputs, results)
    return raw_job(results, record, inputs, {"weights": results / "weights" / "tiny"})


def from_folder(results: Path, folder: Path) -> Path:
    """Run the stage on a folder; returns the result."""
    files = [
        folder / name
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
    ]
    path = step_of(results, {"source": "folder", "name": "tiny", "revision": None}, files)
    run_job(path, fetch_weights.run)
    return Store(results).find(json.loads(path.read_text())["key"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_as_the_hub_has_it(kind, tmp_path):
    published = publish(tmp_path / "hub", kind)
    assert take_over(published, tmp_path / "own") == {"converted": [], "written": ["special_tokens_map.json"]}
    tokenizer = Tokenizer(tmp_path / "own")
    assert tokenizer.mask_token == ("<mask>" if kind == "roberta" else "[MASK]")
    assert tokenizer.pad == (1 if kind == "roberta" else 0) and len(tokenizer.special) == 5
    assert not (tmp_path / "own" / "README.md").exists()
    facts = load_language_model(tmp_path / "own").facts()
    assert bool(facts["newly_initialised"]) == (kind in ("minilm", "electra"))
    assert facts.get("electra") == ("discriminator_as_mlm" if kind == "electra" else None)


def test_the_manifest_holds_the_sha256_of_every_file(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    entry = from_folder(tmp_path / "results", published)
    folder = tmp_path / "results" / "weights" / "tiny"
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert manifest["sha256"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files
    }
    assert (manifest["source"], manifest["name"]) == ("folder", "tiny")
    assert str(tmp_path) not in json.dumps(manifest) + (entry / RECORD).read_text()


def test_other_bytes_are_another_identity(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    first = from_folder(tmp_path / "results", published)
    assert from_folder(tmp_path / "results", published) == first
    publish(published, "bert", seed=1)
    assert from_folder(tmp_path / "results", published) != first


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 47376696\n"
PAGE = "<!doctype html>\n<html><head><title>Hugging Face</title></head></html>\n"
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


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


def test_a_bin_becomes_safetensors_with_tied_weights(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    model = load_language_model(published)
    state = load_file(published / "model.safetensors")
    (published / "model.safetensors").unlink()
    state["cls.predictions.decoder.weight"] = state[
        "bert.embeddings.word_embeddings.weight"
    ]  # one tensor, two names
    halves = [dict(list(state.items())[::2]), dict(list(state.items())[1::2])]
    for number, half in enumerate(halves, 1):
        torch.save(half, published / f"pytorch_model-0000{number}-of-00002.bin")
    (published / "pytorch_model.bin.index.json").write_text("{}")
    assert take_over(published, tmp_path / "own")["converted"] == ["model.safetensors"]
    again = load_language_model(tmp_path / "own")
    assert again.loading.newly_initialised == again.loading.unused == () and again.tied
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


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


def test_an_older_tokenizer_is_written_anew(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    vocabulary = json.loads((published / "tokenizer.json").read_text())["model"]["vocab"]
    (published / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
    (published / "tokenizer.json").unlink()
    assert take_over(published, tmp_path / "own")["written"] == ["tokenizer.json", "special_tokens_map.json"]
    before = [vocabulary[word] for word in ("[CLS]", "take", "pan", "[SEP]")]
    assert Tokenizer(tmp_path / "own").ids("Take pan").tolist() == before


def test_a_folder_without_weights_or_config(tmp_path):
    published = publish(tmp_path / "hub", "bert")
    (published / "model.safetensors").unlink()
    with pytest.raises(DataError, match="no weights"):
        take_over(published, tmp_path / "a")
    (published / "config.json").unlink()
    with pytest.raises(DataError, match="not a model"):
        take_over(published, tmp_path / "b")


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's protocol as a download needs: the files of a model with their commit, and each of
    them.
    """

    def __init__(self, folder: Path, *arguments):
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self):
        path = self.path.partition("?")[0]
        names = sorted(path.name for path in self.folder.iterdir())
        if path.startswith("/api/models/owner/tiny/tree/"):
            listed = [
                {"type": "file", "path": name, "size": (self.folder / name).stat().st_size, "oid": "0" * 40}
                for name in names
            ]
            self._answer(json.dumps(listed).encode())
        elif path.startswith("/api/models/owner/tiny"):
            siblings = [{"rfilename": name} for name in names]
            self._answer(
                json.dumps(
                    {"id": "owner/tiny", "modelId": "owner/tiny", "sha": COMMIT, "siblings": siblings}
                ).encode()
            )
        elif (
            path.startswith((f"/owner/tiny/resolve/{COMMIT}/", "/owner/tiny/resolve/main/"))
            and (file := self.folder / Path(path).name).is_file()
        ):
            self._answer(file.read_bytes())
        else:
            self.send_error(404)

    def do_HEAD(self):
        self.do_GET()

    def _answer(self, body: bytes):
        self.send_response(200)
        for name, value in (
            ("Content-Length", str(len(body))), ("ETag", f'"{hashlib.sha256(body).hexdigest()}"'),
            ("X-Repo-Commit", COMMIT),
            ("Content-Type", "application/json"),
        ):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def endpoint(tmp_path):
    """The address of such a hub, with owner/tiny."""
    published = publish(tmp_path / "hub", "distilbert")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, published))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run_here(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """A Python in a process of its own, with a hub cache of its own."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**own, "HF_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fetch(results: Path, home: Path, commit: str = COMMIT, **environment: str):
    """`foretaste fetch_weights`."""
    path = step_of(results, {"source": "hub", "name": "owner/tiny", "revision": commit})
    return run_here(home, "-m", "foretaste", "fetch_weights", "--step", str(path), **environment)


def planned(home: Path, name: str = "owner/tiny", **environment: str) -> str:
    """The commit that a plan has for a name, or the error that it ends with."""
    code = (
        "import sys; from foretaste.contracts.errors import ConfigError\n"
        "from foretaste.settings.language_models import source\n"
        "try: print(source(sys.argv[1], '/nowhere').facts['revision'])\n"
        "except ConfigError as error: print(error)"
    )
    done = run_here(home, "-c", code, name, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_from_the_hub_and_then_offline(tmp_path, endpoint):
    home = tmp_path / "home"
    assert planned(home, HF_ENDPOINT=endpoint) == COMMIT
    done = fetch(tmp_path / "online", home, HF_ENDPOINT=endpoint)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "online" / "weights" / "tiny" / "manifest.json").read_text())
    assert (manifest["source"], manifest["name"], manifest["revision"]) == ("hub", "owner/tiny", COMMIT)
    entry = read_entry(entry_of(tmp_path / "online" / "weights" / "tiny"))
    assert entry.fetched == {"weights": {"revision": COMMIT, "sha256": manifest["sha256"]}}
    assert entry.record["config"]["revision"] == COMMIT
    done = fetch(tmp_path / "offline", home, HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "offline" / "weights" / "tiny" / "manifest.json").read_text()) == manifest


@pytest.mark.slow
def test_what_a_branch_was_when_it_was_planned_is_remembered(tmp_path, endpoint, monkeypatch):
    """So nothing is stale because others have published; with the cache of another machine they have."""
    home = tmp_path / "home"
    first = planned(home, HF_ENDPOINT=endpoint)
    monkeypatch.setattr(sys.modules[__name__], "COMMIT", "e" * 40)
    assert planned(home, HF_ENDPOINT=endpoint) == planned(home, HF_HUB_OFFLINE="1") == first != COMMIT
    assert planned(tmp_path / "another", HF_ENDPOINT=endpoint) == COMMIT


def test_no_commit_without_hub_and_cache(tmp_path):
    for environment in ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}):
        said = planned(tmp_path / "home", **environment)
        assert said.startswith("no language model 'owner/tiny'") and "\n" not in said
        assert "hf download owner/tiny --local-dir DATA_ROOT/weights/owner/tiny" in said


@pytest.mark.parametrize(
    "environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}], ids=["offline", "no hub"]
)
def test_where_it_cannot_be_had_one_line_says_what_to_do(tmp_path, environment):
    done = fetch(tmp_path / "results", tmp_path / "home", **environment)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith(f"error: no language model 'owner/tiny@{COMMIT}'")
    assert f"hf download owner/tiny --revision {COMMIT}, and bring its cache" in said
    assert "init: weights/owner/tiny" in said
    assert not list((tmp_path / "results").glob("weights/*"))


def test_a_pinned_revision_is_not_looked_for_in_data_root_and_the_advice_says_so(tmp_path):
    said = planned(tmp_path / "home", "owner/tiny@v1", HF_HUB_OFFLINE="1")
    assert said.startswith("no language model 'owner/tiny@v1'") and "its folder in data_root" not in said
    assert "hf download owner/tiny --revision v1, and bring its cache" in said
    assert "init: weights/owner/tiny" in said


def test_a_network_of_pictures_needs_no_tokenizer_and_says_how_it_reads_pixels(tmp_path):
    write(tmp_path / "dino", "dinov2")
    files = [tmp_path / "dino" / name for name in ("config.json", "preprocessor_config.json")]
    files.append(tmp_path / "dino" / "model.safetensors")
    path = step_of(tmp_path, {"source": "folder", "name": "dino", "revision": None}, files)
    run_job(path, fetch_weights.run)
    fetched = Store(tmp_path).find(json.loads(path.read_text())["key"]) / "weights"
    manifest = json.loads((fetched / "manifest.json").read_text())
    assert set(manifest["sha256"]) == {file.name for file in files} and not manifest["written"]
    assert read_pixels(fetched).mean == (0.4, 0.5, 0.6)
