"""How well an OpenIE backend does on public gold: EPIC-Kitchens-55 narrations, RISeC recipes, AW-OIE prose.

Every function takes ``extract``: a sentence in, a list of extractions out (``rules.Extraction``), and yields
one ``Judged`` a gold item, so that the same code prints figures and lists of errors.

RISeC (Jiang et al. 2020, "Recipe Instruction Semantics Corpus") marks actions (AC) and their explicit
patients (Arg1_PPT; one that is another action is no words of this clause, and left out); an extraction
matches an action when their characters overlap, each action once. EPIC-Kitchens-55 (Damen et al. 2018) gives
one verb and one first noun a narration. AW-OIE (Stanovsky et al. 2018) marks the predicates of newswire and
Wikipedia sentences, hardly any of which is an instruction.
"""

from __future__ import annotations

import csv
import gzip
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from foretaste.openie.extraction import Extraction
from foretaste.openie.nouns import singular

Extract = Callable[[str], list[Extraction]]

#: Words of a gold span up to which its head is looked for.
_PREPOSITION = re.compile(r"\b(?:of|in|on|with|for|from|at|into|to|over|about|per|by)\b")
_WORD = re.compile(r"[A-Za-zÀ-ÿ'’-]+")


@dataclass(frozen=True)
class Narration:
    """One EPIC-55 row: the text, the gold verb ("put-down"), the gold noun ("board:cutting")."""

    participant: str
    text: str
    verb: str
    noun: str


@dataclass(frozen=True)
class Instruction:
    """One RISeC instruction and its actions: character span -> acceptable object heads (empty: no explicit
    patient).
    """

    recipe: str
    text: str
    actions: dict[tuple[int, int], frozenset[str]] = field(hash=False)


@dataclass
class Counts:
    """Sums over a corpus; every figure is in per cent, None where nothing was counted."""

    items: int = 0
    gold: int = 0
    found: int = 0
    matched: int = 0
    gold_objects: int = 0
    found_objects: int = 0
    judged_objects: int = 0
    right_objects: int = 0

    def figures(self) -> dict[str, float | None]:
        precision, recall = _share(self.matched, self.found), _share(self.matched, self.gold)
        pair_precision, pair_recall = (
            _share(self.right_objects, self.found_objects),
            _share(self.right_objects, self.gold_objects),
        )
        return {
            "predicate_precision": precision,
            "predicate_recall": recall,
            "predicate_f1": _harmonic(precision, recall),
            "object": _share(self.right_objects, self.judged_objects),
            "pair_precision": pair_precision,
            "pair_recall": pair_recall,
            "pair_f1": _harmonic(pair_precision, pair_recall),
        }


def _share(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None


def _harmonic(a: float | None, b: float | None) -> float | None:
    return 2 * a * b / (a + b) if a and b else None


def read_epic(path: Path) -> list[Narration]:
    """The rows of EPIC_train_action_labels.csv."""
    with open(path, encoding="utf-8", newline="") as file:
        return [
            Narration(row["participant_id"], row["narration"], row["verb"], row["noun"])
            for row in csv.DictReader(file)
        ]


def developed_on(row: Narration) -> bool:
    """Whether the rules were shaped on errors of this row's participant: those with an odd number, and P22
    (half of all rows).
    """
    return row.participant == "P22" or int(row.participant[1:]) % 2 == 1


def judge_epic(
    rows: list[Narration], extract: Extract
) -> Iterator[tuple[Narration, Extraction | None, bool, bool, bool]]:
    """For each row: its first extraction, and whether verb, verb with particle, and object head are the
    gold ones.
    """
    for row in rows:
        extractions = extract(row.text)
        first = extractions[0] if extractions else None
        verb = first is not None and first.verb.split()[0] == row.verb.split("-")[0]
        particle = first is not None and first.verb.replace(" ", "-") == row.verb
        head = first is not None and first.object_head == row.noun.split(":")[0]
        yield row, first, verb, particle, head


def epic_figures(rows: list[Narration], extract: Extract) -> dict[str, float]:
    """Per cent of rows whose first extraction has the gold verb, the verb with its particle, the object
    head, verb and head.
    """
    judged = [
        (verb, particle, head, verb and head) for _, _, verb, particle, head in judge_epic(rows, extract)
    ]
    return {
        name: 100.0 * sum(column) / len(judged)
        for name, column in zip(
            ("verb", "verb_and_particle", "object_head", "both"), zip(*judged, strict=True), strict=True
        )
    }


def read_risec(archive: Path, split: str) -> list[Instruction]:
    """The instructions of one split ("train" or "dev"), in order; offsets count within the instruction,
    its number included.
    """
    with tarfile.open(archive) as tar:
        texts = {
            m.name: tar.extractfile(m).read().decode("utf-8")
            for m in tar
            if m.isfile() and f"/{split}/" in m.name
        }
    instructions = []
    for name in sorted(texts):
        if name.endswith(".txt") and name[:-4] + ".ann" in texts:
            instructions.extend(_instructions(Path(name).stem, texts[name], texts[name[:-4] + ".ann"]))
    return instructions


def _instructions(recipe: str, text: str, annotations: str) -> Iterator[Instruction]:
    spans: dict[str, tuple[str, int, int]] = {}
    patients: dict[str, list[str]] = {}
    for line in annotations.splitlines():
        fields = line.split("\t")
        if line.startswith("T"):
            kind, start, *_, stop = re.split(r"[ ;]", fields[1])
            spans[fields[0]] = kind, int(start), int(stop)
        elif line.startswith("R"):
            role, action, patient = fields[1].split()
            if role == "Arg1_PPT":
                patients.setdefault(action.removeprefix("Arg1:"), []).append(patient.removeprefix("Arg2:"))
    start = 0
    for line in text.splitlines(keepends=True):
        stop = start + len(line)
        actions = {
            (a - start, b - start): frozenset(
                h
                for p in patients.get(name, ())
                if p in spans and spans[p][0] != "AC"
                for h in heads(text[spans[p][1] : spans[p][2]])
            )
            for name, (kind, a, b) in spans.items()
            if kind == "AC" and start <= a < stop
        }
        if line.strip():
            yield Instruction(recipe, line.rstrip("\n"), dict(sorted(actions.items())))
        start = stop


def heads(span: str) -> set[str]:
    """The words that count as head of a gold span: its last, the one before its first preposition, those
    around an "of".
    """
    span = span.lower()
    found = set()
    for part in (span, _PREPOSITION.split(span)[0], *re.split(r"\bof\b", span)):
        words = _WORD.findall(part)
        if words:
            found.add(singular(words[-1]))
    return found


def judge_risec(
    instructions: list[Instruction], extract: Extract
) -> Iterator[tuple[Instruction, Extraction | None, tuple | None, bool | None]]:
    """(instruction, extraction or None, gold action span or None, object right or None where gold has
    none).
    """
    for instruction in instructions:
        left = dict(instruction.actions)
        for extraction in extract(instruction.text):
            start, stop = extraction.verb_span
            span = next((s for s in left if s[0] < stop and start < s[1]), None)
            gold = left.pop(span) if span else frozenset()
            yield instruction, extraction, span, extraction.object_head in gold if gold else None
        for span, gold in left.items():
            yield instruction, None, span, False if gold else None


def risec_counts(instructions: list[Instruction], extract: Extract) -> Counts:
    counts = Counts(items=len(instructions))
    for _, extraction, span, right in judge_risec(instructions, extract):
        counts.gold += span is not None
        counts.found += extraction is not None
        counts.matched += span is not None and extraction is not None
        counts.gold_objects += right is not None
        counts.judged_objects += right is not None and extraction is not None
        counts.found_objects += extraction is not None and extraction.object_head is not None
        counts.right_objects += bool(right)
    return counts


def read_prose(path: Path) -> list[tuple[str, frozenset[int]]]:
    """AW-OIE: each distinct sentence, words joined by spaces, with the character offsets at which its gold
    predicates' heads start.
    """
    sentences: dict[str, tuple[str, set[int]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        next(file)
        block: list[list[str]] = []
        for line in file:
            if line.strip():
                block.append(line.rstrip("\n").split("\t"))
                continue
            _add_prose(block, sentences)
            block = []
    _add_prose(block, sentences)
    return [(text, frozenset(starts)) for text, starts in sentences.values()]


def _add_prose(block: list[list[str]], sentences: dict[str, tuple[str, set[int]]]) -> None:
    if not block:
        return
    words = [row[1] for row in block]
    starts = [sum(len(word) + 1 for word in words[:i]) for i in range(len(words))]
    _, found = sentences.setdefault(" ".join(words), (" ".join(words), set()))
    found.update(starts[i] for i, row in enumerate(block) if row[7].startswith("P-"))


def prose_figures(sentences: list[tuple[str, frozenset[int]]], extract: Extract) -> dict[str, float | None]:
    """``fired``: per cent of the sentences with any extraction; ``precision``: per cent of extractions at
    a gold predicate.
    """
    fired = found = right = 0
    for text, starts in sentences:
        extractions = extract(text)
        fired += bool(extractions)
        found += len(extractions)
        right += sum(e.verb_span[0] in starts for e in extractions)
    return {"fired": _share(fired, len(sentences)), "precision": _share(right, found)}
