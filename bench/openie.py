"""How well and how fast OpenIE is: accuracy of the rules on public gold, sentences a second of both backends
on one core.

    python bench/openie.py [--data DIR] [--archive FILE | --untrained] [--out bench/results/openie.json]

DIR holds epic55/EPIC_train_action_labels.csv (EPIC-Kitchens-55), risec/risec_train_dev.tar.gz (RISeC),
openie/*.oie.conll.gz (AW-OIE) and recipes/layer1_*.json[.gz]; what is not there is left out. "Unseen" rows
are those whose errors shaped no rule. Without DIR only speed is measured, on recipes of the generated
kitchen. TextBlob is timed beside the rules where it is installed. With an archive, or with one of the
published size and random weights, AllenNLP's own predictor reads every n-th sentence, one at a time, and our
backend reads all as the stage does, in batches and each distinct one once; both are asked about the same
verbs. Times are CPU seconds of one thread without the start of the process.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openie_gold as gold
import psutil

from foretaste.openie import allennlp
from foretaste.openie.cleaning import clean
from foretaste.openie.predicates import verbs
from foretaste.openie.rules import Config, Rules
from foretaste.openie.sentences import split
from foretaste.text.recipes import read_recipes

#: Runs in AllenNLP's environment: makes archives, and calls the predictor.
SIDE = Path(__file__).parents[1] / "tests" / "openie" / "allennlp_side.py"


def accuracy(data: Path, extract: gold.Extract) -> dict[str, dict[str, float | None]]:
    """Figures on every gold file that is there."""
    figures: dict[str, dict[str, float | None]] = {}
    epic = data / "epic55" / "EPIC_train_action_labels.csv"
    if epic.exists():
        rows = gold.read_epic(epic)
        figures["epic55"] = gold.epic_figures(rows, extract)
        figures["epic55 unseen"] = gold.epic_figures(
            [row for row in rows if not gold.developed_on(row)], extract
        )
        distinct = list({row.text: row for row in rows}.values())
        figures["epic55 distinct narrations"] = gold.epic_figures(distinct, extract)
    risec = data / "risec" / "risec_train_dev.tar.gz"
    if risec.exists():
        for split_name, label in (("train", "risec train"), ("dev", "risec dev (unseen)")):
            figures[label] = gold.risec_counts(gold.read_risec(risec, split_name), extract).figures()
    for path in sorted((data / "openie").glob("*.oie.conll.gz")):
        figures[f"prose {path.name.removesuffix('.oie.conll.gz')}"] = gold.prose_figures(
            gold.read_prose(path), extract
        )
    return figures


def instructions(data: Path | None, number: int) -> list[str]:
    """Real sentences where there are any, else those of the generated kitchen."""
    found = sorted((data / "recipes").glob("layer1_*")) if data else []
    if found:
        recipes = (recipe for path in reversed(found) for recipe in read_recipes(path))
        return [s for recipe in recipes for text in recipe.instructions for s in split(clean(text).text)][
            :number
        ]
    from foretaste.kitchen.config import WorldConfig
    from foretaste.kitchen.recipes import make_recipe
    from foretaste.kitchen.world import World

    world = World(WorldConfig(seed=100, recipes=4000))
    return [
        s
        for n in range(4000)
        for step in make_recipe(world, n)[0]["instructions"]
        for s in split(step["text"])
    ][:number]


def speed(sentences: list[str], extract: Callable[[str], object], rounds: int = 5) -> float:
    """Sentences a CPU second, the best of ``rounds``."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for sentence in sentences:
            extract(sentence)
        best = min(best, time.process_time() - start)
    return len(sentences) / best


def time_allennlp(
    sentences: list[str], environment: Path, archive: Path | None, alone: int, rounds: int = 2
) -> dict[str, float]:
    """Sentences a CPU second of the predictor on ``alone`` of them, of our backend on all, and how many of
    ``alone`` they answer alike.

    The best of ``rounds`` in turn.
    """
    python = [str(environment / "bin" / "python"), "-I", str(SIDE)]
    sample = sentences[:: max(1, len(sentences) // alone)]
    with tempfile.TemporaryDirectory() as folder:
        if archive is None:
            subprocess.run(
                [*python, "large", folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            archive = Path(folder) / "model.tar.gz"
        requests = "".join(
            json.dumps({"sentence": sentence, "verbs": verbs(sentence)}) + "\n" for sentence in sample
        )
        command = [*python, "predict_asked", str(archive), str(allennlp.PROGRAM)]
        config = allennlp.Config(archive=str(archive), environment=str(environment))
        one_by_one, batched = [], []
        for _ in range(rounds):
            done = subprocess.run(
                command,
                input=requests,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=True,
            )
            *predicted, last = map(json.loads, done.stdout.splitlines())
            one_by_one.append(last["cpu_s"])
            backend = allennlp.build(config)
            worker = psutil.Process(backend.worker().process.pid)
            before = sum(worker.cpu_times()[:2]) + time.process_time()
            backend.extract_all(sentences)
            batched.append(sum(worker.cpu_times()[:2]) + time.process_time() - before)
            said = backend.answers.of(sample)
            backend.close()
    same = sum(
        [v["tags"] for v in a["verbs"]] == [v["tags"] for v in said[s].get("verbs", [])]
        for s, a in zip(sample, predicted, strict=True)
    )
    return {
        "allennlp predictor, one at a time": len(sample) / min(one_by_one),
        "allennlp backend, batched": len(sentences) / min(batched),
        "answered alike, per cent": 100.0 * same / len(sample),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of gold files and recipes")
    parser.add_argument("--sentences", type=int, default=40_000, help="how many to time")
    parser.add_argument(
        "--environment",
        type=Path,
        default=Path(".venv-openie"),
        help="AllenNLP's environment (default: %(default)s)",
    )
    parser.add_argument("--archive", type=Path, help="an OpenIE archive: also time AllenNLP")
    parser.add_argument(
        "--untrained",
        action="store_true",
        help="also time AllenNLP with an archive of the published size and random weights",
    )
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that are started here
    rules = Rules(Config())
    figures = accuracy(arguments.data, rules.extract) if arguments.data else {}
    for name, values in figures.items():
        print(
            f"{name:28}"
            + "  ".join(f"{key} {'-' if value is None else f'{value:.1f}'}" for key, value in values.items())
        )
    sentences = instructions(arguments.data, arguments.sentences)
    words = sum(len(sentence.split()) for sentence in sentences) / len(sentences)
    speeds = {"rules": speed(sentences, rules.extract)}
    if importlib.util.find_spec("textblob"):
        from textblob.en.taggers import PatternTagger

        # its tagger alone, which needs no download; TextBlob itself adds sentence splitting from a corpus
        speeds["textblob's tagger"] = speed(sentences[: arguments.sentences // 10], PatternTagger().tag, 2)
    for name, value in speeds.items():
        print(f"{name:28}{value:,.0f} sentences/s on one core ({words:.1f} words each)")
    if arguments.archive or arguments.untrained:
        neural = time_allennlp(
            sentences[:8192], arguments.environment, arguments.archive, 512
        )  # four blocks of the stage
        ratio = neural["allennlp backend, batched"] / neural["allennlp predictor, one at a time"]
        speeds |= {**neural, "ratio of the two": ratio}
        for name, value in neural.items():
            print(f"{name:36}{value:,.1f}")
        print(f"{'ratio of the two':36}{ratio:.1f}")
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        rounded = {
            name: {key: value and round(value, 2) for key, value in values.items()}
            for name, values in figures.items()
        }
        arguments.out.write_text(
            json.dumps({"accuracy": rounded, "sentences_per_s": speeds}, indent=1, sort_keys=True) + "\n"
        )


if __name__ == "__main__":
    main()
