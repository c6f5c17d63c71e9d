"""The command line: `foretaste <stage or tool> ...`, `foretaste help`, `foretaste --version`. Only the module
that is asked for is imported.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foretaste.contracts.errors import OTHERS, DataError, ForetasteError, of_other, unknown
from foretaste.pipeline import console, interruption, ranks, slurm_job, warm

if TYPE_CHECKING:
    from foretaste.pipeline.step import Step

STAGES, TOOLS = (Path(__file__).parent / room for room in ("stages", "tools"))


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns 0, 1 (an error that a line on stderr explains), 2 (wrong usage), 130
    (interrupted), or 141 (who read what it printed has left).
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    verbose = "-v" in argv
    argv = [word for word in argv if word != "-v"]
    try:
        return _run_told(argv, verbose)
    except BrokenPipeError:
        console.silence()
        return 128 + signal.SIGPIPE


def _run_told(argv: list[str], verbose: bool) -> int:
    """One command, whose errors are told; BrokenPipeError where nobody is there to be told."""
    try:
        try:
            return _run(argv)
        finally:
            print(end="", flush=True)  # while an error can still be told
    except (ForetasteError, *OTHERS) as error:
        if isinstance(error, BrokenPipeError) and console.reader_left():
            raise
        if verbose:
            traceback.print_exc()
        known = of_other(error) if isinstance(error, OTHERS) else error
        if ranks.WORDS in os.environ:
            ranks.leave_word(known)
        else:
            console.say(f"error: {known}")
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who asks again wants no tidy end
        # Python remembers an interrupt within code that is made from text, as dataclasses make theirs, until
        # it runs some other: with it in mind it would die of the signal in the end, whatever we return.
        exec("")
        console.say("interrupted")
        return 128 + signal.SIGINT


def _run(argv: list[str]) -> int:
    if argv == ["--version"]:
        print(f"foretaste {version('foretaste')}")
        return 0
    if argv[:1] == ["help"]:  # help, help <command>
        argv = [*argv[1:2], "--help"]
    if not argv or argv[0] in ("-h", "--help"):
        print(_overview())
        return 0 if argv else 2
    verb, *rest = argv
    verb = verb.replace("-", "_")
    if verb not in _verbs():
        print(f"error: {unknown('command', argv[0], _verbs(), 'command line')}", file=sys.stderr)
        return 2
    if "--step" in rest or verb not in _names(TOOLS):
        return _run_stage(verb, rest)
    return _run_tool(verb, rest)


def _parser(verb: str, folder: Path) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"foretaste {verb.replace('_', '-')}",
        description=_doc(folder, verb),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _run_tool(verb: str, rest: list[str]) -> int:
    tool, parser = importlib.import_module(f"foretaste.tools.{verb}"), _parser(verb, TOOLS)
    tool.add_arguments(parser)
    return tool.run(parser.parse_args(rest)) or 0


def _run_stage(stage: str, rest: list[str]) -> int:
    parser = _parser(stage, STAGES)
    kept = "<results>/.steps/<stage>-<digest>.json, written by the workflow"
    parser.add_argument("--step", type=Path, required=True, help=f"the step to run: {kept}")
    parser.add_argument("--log", type=Path, help="a file that gets a copy of every line")
    parser.add_argument("--nodes", type=int, default=1, help="nodes of a Slurm job that share its processes")
    arguments = parser.parse_args(rest)
    threads, processes = _set_environment(arguments.step, stage)
    if (threads, processes) == (warm.THREADS, 1) and stage != "fetch_weights":
        ended = warm.run_forked([stage, *rest])
        if ended is not None:
            return ended
    interruption.heed()
    if ranks.is_rank():
        ranks.begin()
    console.open_log(arguments.log, fresh=not ranks.is_rank())
    from foretaste.pipeline.running import run_job

    several = processes > 1 and not ranks.is_rank()
    how = _in_processes([stage, *rest], processes, arguments.nodes) if several else _alone(stage)
    try:
        run_job(arguments.step, how)
    except SystemExit as end:
        if end.code == interruption.END and not ranks.is_rank():
            slurm_job.put_back()
        raise
    if ranks.is_rank():
        ranks.leave()
    return 0


def _alone(stage: str) -> Callable[[Step], Any]:
    """The ``run`` of a stage's module, which is imported when it runs: that is part of what it costs."""
    return lambda step: importlib.import_module(f"foretaste.stages.{stage}").run(step)


def _in_processes(arguments: list[str], processes: int, nodes: int) -> Callable[[Step], None]:
    """The stage in several processes, which this one starts and waits for."""

    def run(step: Step) -> None:
        from foretaste.training.launch import launch

        launch(arguments, processes, nodes, step.scratch)

    return run


def _set_environment(step: Path, stage: str) -> tuple[int, int]:
    """Before numpy or torch is imported: as many threads as the step's record says, whatever the machine has;
    and no network. Returns the numbers of threads and processes that the record says.
    """
    try:
        record = json.loads(step.read_text(encoding="utf-8"))["record"]
        threads, processes = int(record["threads"]), int(record["processes"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            "not a step",
            step,
            "a file that the workflow wrote to <results>/.steps",
            "run the workflow again, or correct the path",
        ) from error
    libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    os.environ |= dict.fromkeys(libraries, str(threads))
    os.environ |= {"OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false"}
    if stage != "fetch_weights":
        os.environ["HF_HUB_OFFLINE"] = "1"
    return threads, processes


def _names(folder: Path) -> list[str]:
    """The commands whose modules lie in ``folder``; none is imported."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _verbs() -> list[str]:
    """Every command. A tool may bear a stage's name: the stage is what ``--step`` asks for."""
    return sorted({*_names(STAGES), *_names(TOOLS)})


def _doc(folder: Path, name: str) -> str:
    return ast.get_docstring(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))) or ""


def _overview() -> str:
    lines = [
        "usage: foretaste [-v] <stage or tool> ...",
        "       foretaste help [<stage or tool>]",
        "       foretaste --version",
        "",
        "-v before or after a command shows where an error rose.",
        "",
        "Tools (foretaste help <tool>):",
    ]
    lines += [f"  {tool:18}{_summary(TOOLS, tool)}" for tool in _names(TOOLS)]
    lines += ["", "Stages of the workflow (snakemake runs them; by hand: foretaste <stage> --step FILE):"]
    stages = [stage for stage in _names(STAGES) if stage not in _names(TOOLS)]
    lines += [f"  {stage:18}{_summary(STAGES, stage)}" for stage in stages]
    return "\n".join(lines)


def _summary(folder: Path, name: str) -> str:
    """The first sentence of a command's documentation."""
    paragraph = _doc(folder, name).partition("\n\n")[0]
    return re.split(r"(?<=\.)\s", " ".join(paragraph.split()), maxsplit=1)[0]


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as the package has set it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
