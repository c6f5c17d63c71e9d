"""Print what completes commands, options, datasets and targets in a shell.

    source <(foretaste completion bash)        # zsh: the same; fish: foretaste completion fish | source

Then Tab completes `foretaste` and, in a folder with the workflow, the targets of `snakemake`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from foretaste.contracts.errors import ForetasteError
from foretaste.pipeline.configured import configured
from foretaste.pipeline.named_targets import named_targets
from foretaste.settings.preset_files import Files

_BASH = """
_foretaste_complete() {
    local IFS=$'\\n'
    COMPREPLY=($(foretaste completion words -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
}
complete -o default -o bashdefault -F _foretaste_complete foretaste
complete -o default -o bashdefault -F _foretaste_complete snakemake
"""

SCRIPTS = {
    "bash": _BASH.lstrip(),
    "zsh": f"autoload -U +X bashcompinit && bashcompinit\n{_BASH.lstrip()}",
    "fish": """function __foretaste_complete
    foretaste completion words -- (commandline -opc) (commandline -ct) 2>/dev/null
end
complete -c foretaste -f -a '(__foretaste_complete)'
complete -c snakemake -a '(__foretaste_complete)'
""",
}

_TOOLS = Path(__file__).parent

#: Tools whose first word is a dataset.
_OF_DATASETS = ("doctor", "fetch")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("shell", choices=(*SCRIPTS, "words"), help="words: what the scripts ask")
    parser.add_argument("line", nargs="*", help="the words of the line up to the one that is completed")


def run(arguments: argparse.Namespace) -> None:
    """Print the script, or what may stand in the place of the last word."""
    if arguments.shell != "words":
        print(SCRIPTS[arguments.shell], end="")
        return
    *before, last = arguments.line or [""]
    print("\n".join(word for word in candidates(before) if word.startswith(last)))


def candidates(before: Sequence[str]) -> list[str]:
    """What may stand behind the words ``before``, in order."""
    if not before:
        return []
    command, *words = before
    if words[-2:] == ["dataset", "="]:  # bash parts words there
        return _datasets()
    if Path(command).name == "snakemake":
        return _targets()
    if not words or words == ["help"]:
        return [
            *sorted(path.stem.replace("_", "-") for path in _TOOLS.glob("[a-z]*.py")),
            "help",
            "--version",
        ]
    text = _source(words[0])
    found = [*re.findall(r'"(--[a-z][a-z-]*)"', text), *re.findall(r'add_parser\(\s*"([a-z-]+)"', text)]
    if "add_config(" in text:
        found += ["--config", *(f"dataset={name}" for name in _datasets() if "--config" in words)]
    if len(words) == 1 and words[0] in _OF_DATASETS:
        found += [*_datasets(), "recipe1m"]
    return sorted({*found, "--help"})


def _source(tool: str) -> str:
    """The text of a tool: its options stand in it, and importing it could take seconds."""
    path = _TOOLS / f"{tool.replace('-', '_')}.py"
    return path.read_text(encoding="utf-8") if path.parent == _TOOLS and path.is_file() else ""


def _datasets() -> list[str]:
    return Files(Path()).names("datasets")


def _targets() -> list[str]:
    """None where the working folder has no workflow, or one with a mistake: nobody waits for an error."""
    try:
        return list(named_targets(configured([]).catalogue))
    except (ForetasteError, OSError):
        return []
