"""The Hugging Face hub's cache as its client writes it, with as much of models as planning asks for."""

from __future__ import annotations

from pathlib import Path

#: What presets start from.
NAMES = (
    "albert-base-v2",
    "bert-base-uncased",
    "distilbert-base-uncased",
    "google/electra-base-discriminator",
    "HuggingFaceTB/SmolLM2-135M",
    "microsoft/MiniLM-L12-H384-uncased",
    "roberta-base",
)

#: Folders of data_root that presets start from.
FOLDERS = ("vjepa2-vitl-fpc64-256",)


def remember(cache: Path, name: str, commit: str, revision: str = "main") -> None:
    """From now on ``revision`` of a model is ``commit`` to this cache."""
    folder = cache / f"models--{name.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / revision).write_text(commit)
    snapshot = folder / "snapshots" / commit
    snapshot.mkdir(parents=True, exist_ok=True)
    (snapshot / "config.json").write_text("{}")


def put_in_data_root(data_root: Path) -> None:
    """Folders that have the names of all models of presets, with files of no content."""
    for name in (*NAMES, *FOLDERS):
        folder = data_root / "weights" / name
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "tokenizer.json", "model.safetensors"):
            (folder / file).touch()
