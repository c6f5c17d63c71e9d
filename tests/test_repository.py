"""What the repository promises besides code: pages in its folders for data and results, and environments in
step with each other.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def pins(lines: list[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith("#")]


def recipe() -> list:
    return yaml.safe_load((ROOT / "envs" / "main.yaml").read_text())["dependencies"]


def test_the_conda_recipe_has_the_pins_of_the_lock_file():
    assert recipe()[-1] == {"pip": pins((ROOT / "requirements.lock").read_text().splitlines())}


def test_make_lock_writes_the_recipe(tmp_path):
    for name in ("Makefile", "requirements.lock", "envs/main.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements.lock").write_text("# changed\none==1\ntwo-three==2.0\n")
    subprocess.run(["make", "--always-make", "envs/main.yaml"], cwd=tmp_path, check=True, capture_output=True)
    made = yaml.safe_load((tmp_path / "envs" / "main.yaml").read_text())["dependencies"]
    assert made == [*recipe()[:-1], {"pip": ["one==1", "two-three==2.0"]}]


def test_one_version_of_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11" and "python=3.11" in recipe()
    assert "Python 3.11" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("folder", ["data", "results"])
def test_a_folder_has_a_page_and_tracks_nothing_else(folder):
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository")
    assert (ROOT / folder / "README.md").read_text().startswith(f"# {folder}\n")
    ignored = subprocess.run(
        ["git", "check-ignore", "--stdin"],
        cwd=ROOT,
        input=f"{folder}/README.md\n{folder}/x\n{folder}/a/README.md\n",
        text=True,
        capture_output=True,
    )
    assert ignored.stdout.splitlines() == [f"{folder}/x", f"{folder}/a/README.md"]


def test_every_room_has_tests_that_are_not_slow():
    rooms = [path.name for path in (ROOT / "src" / "foretaste").iterdir() if (path / "__init__.py").exists()]
    for room in [*rooms, "workflow"]:
        texts = [path.read_text() for path in (ROOT / "tests" / room).glob("test_*.py")]
        assert any("pytestmark = pytest.mark.slow" not in text for text in texts), room


def test_pages_that_presets_and_datasets_name_are_there():
    named = [
        (path.name, page)
        for path in sorted((ROOT / "workflow").rglob("*.yaml"))
        for page in re.findall(r"docs/[\w./-]+\.md", path.read_text(encoding="utf-8"))
    ]
    assert len(named) > 20 and [one for one in named if not (ROOT / one[1]).is_file()] == []


def test_every_page_of_docs_has_its_place_on_the_site():
    text = (ROOT / "mkdocs.yml").read_text()
    named = re.findall(r"^ +- (?:[^:\n]+: )?([\w-]+\.md)$|^ +- \w+: ([\w-]+\.md)$", text, re.M)
    pages = {first or second for first, second in named} - {"configuration.md"}
    assert pages == {path.name for path in (ROOT / "docs").glob("*.md")}, "nav of mkdocs.yml"


def test_the_citation_of_the_readme_is_that_of_the_file():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert cited["version"] == project["version"]
    entry = re.search(r"```bibtex\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    fields = dict(re.findall(r"^  (\w+) = \{+(.*?)\}+,?$", entry, re.M))
    (author,) = cited["authors"]
    assert fields == {
        "title": cited["title"],
        "author": author["name"],
        "version": cited["version"],
        "note": cited["abstract"].rstrip("."),
    }


def test_every_test_has_a_name_of_its_own():
    """Two files of one name cannot be collected in one run."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
