"""Edits rerun exactly what they touch: which modules a step's fingerprint covers, and which edits change
it.
"""

from __future__ import annotations

import shutil

import pytest

from foretaste.pipeline import fingerprint
from foretaste.settings import families


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package that a test may edit."""
    copy = tmp_path / "foretaste"
    shutil.copytree(families.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(families, "PACKAGE", copy)
    monkeypatch.setattr(fingerprint, "PACKAGE", copy)
    forget()
    yield copy
    forget()


def forget():
    found = (
        families.members,
        fingerprint.source_facts,
        fingerprint._facts,
        fingerprint._imports,
        fingerprint._code_digest,
    )
    for cached in found:
        cached.cache_clear()


def edited(package, module, old, new):
    path = package / f"{module.replace('.', '/')}.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    forget()


DISTILLED = {
    "objective": [{"loss": {"kind": "kl"}}, {"loss": {"kind": "cross_entropy"}}],
    "network": {"kind": "avt"},
    "view": {"kind": "features"},
}
BASELINE = {
    "objective": [{"loss": {"kind": "cross_entropy"}}],
    "network": {"kind": "avt"},
    "view": {"kind": "features"},
}


def test_a_comment_or_a_docstring_changes_nothing(package):
    before = fingerprint.fingerprint("train", DISTILLED)
    path = package / "losses" / "kl.py"
    text = path.read_text()
    head, docstring, rest = text.split('"""', 2)
    path.write_text(head + '"""Other words.\n' + docstring + '"""\n# A remark.' + rest)
    forget()
    assert fingerprint.fingerprint("train", DISTILLED) == before


def test_a_line_of_a_loss_touches_only_steps_that_use_it(package):
    distilled, baseline = (
        fingerprint.fingerprint("train", DISTILLED),
        fingerprint.fingerprint("train", BASELINE),
    )
    scored = fingerprint.fingerprint("score", BASELINE)
    edited(package, "losses.kl", "TARGETS = (", "CHANGED = True\nTARGETS = (")
    assert fingerprint.fingerprint("train", DISTILLED) != distilled
    assert fingerprint.fingerprint("train", BASELINE) == baseline
    assert fingerprint.fingerprint("score", BASELINE) == scored


def test_the_console_is_inert(package):
    before = fingerprint.fingerprint("train", DISTILLED)
    edited(package, "pipeline.console", "LINE_EVERY_S = 15.0", "LINE_EVERY_S = 5.0")
    assert fingerprint.fingerprint("train", DISTILLED) == before


def test_imports_of_imports_count(package):
    closure = fingerprint.closure("train", DISTILLED)
    assert {
        "stages.train",
        "training.loop",
        "training.objective",
        "losses.kl",
        "models.avt",
        "contracts.batch",
    } <= closure
    assert "losses.topk_kl" not in closure
    before = fingerprint.fingerprint("train", DISTILLED)
    edited(package, "training.objective", "import torch", "import torch\nNOTHING = 0")
    assert fingerprint.fingerprint("train", DISTILLED) != before


def test_inert_modules_exist():
    for module in fingerprint.INERT:
        assert (families.PACKAGE / f"{module.replace('.', '/')}.py").is_file(), module


def test_facts_are_remembered_by_content_and_found_anew_where_they_cannot_be_kept(package):
    whole = fingerprint.fingerprint("train", DISTILLED)
    (kept,) = (package / "__pycache__").glob("fingerprints-*.json")
    before = kept.read_text()
    forget()
    assert fingerprint.fingerprint("train", DISTILLED) == whole and kept.read_text() == before
    edited(package, "losses.kl", "def build", "def  build")  # other bytes, same code
    assert fingerprint.fingerprint("train", DISTILLED) == whole and kept.read_text() != before
    for damaged in ("", "{", "[1]", '{"losses.kl": 3}', '{"losses.kl": ["x", "y", "z", 4]}'):
        kept.write_text(damaged)
        forget()
        assert fingerprint.fingerprint("train", DISTILLED) == whole
    kept.unlink()
    kept.mkdir()
    forget()
    assert fingerprint.fingerprint("train", DISTILLED) == whole
