"""foretaste as those have it who install its wheel: built from this checkout, in an environment of its own
that sees the libraries of this one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What the wheel is built from.
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "Snakefile", "workflow", "src")
#: Of the libraries that others are found beside, the programs that pages call.
PROGRAMS = {"pip": "pip._internal.cli.main:main", "snakemake": "snakemake.cli:main"}


@dataclass(frozen=True)
class Installed:
    """A folder to work in, and the environment whose programs are found there."""

    folder: Path
    programs: Path

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder; what it prints is in ``stdout``."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"PATH": f"{self.programs}:{os.defpath}", "PIP_NO_INDEX": "1"}
        environment |= {"HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "passive"}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}"
        return done

    def inside(self, folder: str) -> Installed:
        """The same in a folder below."""
        return Installed(self.folder / folder, self.programs)


def build_wheel(folder: Path) -> Path:
    """The wheel of a copy of the sources, in ``folder``."""
    copy = folder / "source"
    copy.mkdir(parents=True)
    for name in SOURCES:
        if (ROOT / name).is_dir():
            unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    subprocess.run([*command, "--wheel-dir", str(folder)], cwd=copy, check=True)
    shutil.rmtree(copy)
    (wheel,) = folder.glob("*.whl")
    return wheel


def empty_environment(folder: Path) -> Path:
    """The programs of a new environment without foretaste; what foretaste needs is seen there already."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    programs = folder / "bin"
    for name, entry in PROGRAMS.items():
        module, _, function = entry.partition(":")
        lines = f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n"
        (programs / name).write_text(f"#!{programs}/python\n{lines}")
        (programs / name).chmod(0o755)
    return programs
