"""The submission files of the EPIC-KITCHENS-100 challenges (format 0.2), of anticipation:

    {"version": "0.2", "challenge": "action_anticipation", "sls_pt": 1, "sls_tl": 4, "sls_td": 3,
     "results": {"P01_101_0": {"verb": {"0": ..., "96": ...}, "noun": {"0": ..., "299": ...}, "action":
     {"0,1": ...}}, ...}}

Every segment of the split has a score for each verb and each noun, by class id, and for its 100 best actions,
by "verb,noun". Scores are probabilities; verbs and nouns have the sum of their actions'. ``sls_*`` are the
supervision levels (0 to 5) that an entry declares: of pretraining, of the labels and of the data of the
training (epic-kitchens.github.io, Supervision Levels Scale).

That of recognition has no actions, and its verbs and nouns are log probabilities: the challenge's evaluation
takes softmaxes of both and makes actions of their products.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.evaluation.heads import head_scores
from foretaste.scores.plain import SplitScores

VERSION = "0.2"

#: What each challenge is called in its file.
CHALLENGES = {"anticipation": "action_anticipation", "recognition": "action_recognition"}

#: Actions a segment; the challenge's evaluation refuses any other number.
ACTIONS = 100

#: Classes of EPIC-KITCHENS-100.
VERBS, NOUNS = 97, 300

LEVELS = range(6)

#: Segments that are turned into probabilities at a time.
CHUNK = 256


def submission(
    scored: SplitScores, levels: Mapping[str, int], challenge: str = "anticipation"
) -> Iterator[str]:
    """The file's text, piece by piece (the test split's is 160 MB).

    challenge
        One of ``CHALLENGES``.
    levels
        ``sls_pt``, ``sls_tl``, ``sls_td``.

    Raises ConfigError for a level that is none, DataError for scores of another dataset or not finite; of
    anticipation without actions, or with fewer than 100 of them; of recognition without verbs or nouns.
    """
    for name, level in levels.items():
        if level not in LEVELS:
            raise ConfigError(
                f"{name} {level}",
                "submission",
                "a supervision level from 0 to 5",
                "see the challenge's Supervision Levels Scale",
            )
    sizes = {head: len(names) for head, names in scored.classes.heads.items()}
    verbs, nouns, actions = (sizes.get(head, 0) for head in ("verb", "noun", "action"))
    if (verbs, nouns) != (VERBS, NOUNS):
        raise DataError(
            f"scores of {verbs} verbs and {nouns} nouns",
            "submission",
            f"the {VERBS} and {NOUNS} of EPIC-KITCHENS-100",
            "score EPIC-KITCHENS-100",
        )
    wants_actions = challenge == "anticipation"
    if wants_actions and ("action" not in scored.logits or actions < ACTIONS):
        raise DataError(
            f"scores of {', '.join(scored.logits)}, {actions} actions",
            "submission",
            f"action scores of at least {ACTIONS} classes",
            "score EPIC-KITCHENS-100",
        )
    if not wants_actions and "action" not in scored.logits and not {"verb", "noun"} <= set(scored.logits):
        raise DataError(
            f"scores of {', '.join(scored.logits)}", "submission", "verbs and nouns, or actions", "score both"
        )
    if not all(np.isfinite(logits).all() for logits in scored.logits.values()):
        raise DataError("scores that are not finite", "submission", "finite logits", "score again")
    entries = _actions_ahead if wants_actions else _verbs_and_nouns
    head = {"version": VERSION, "challenge": CHALLENGES[challenge], **levels}
    yield json.dumps(head)[:-1] + ', "results": {'
    for start in range(0, len(scored.sample_ids), CHUNK):
        ids = scored.sample_ids[start : start + CHUNK]
        for row, (sample_id, entry) in enumerate(
            zip(ids, entries(scored, start, start + len(ids)), strict=True), start
        ):
            yield f"{',' if row else ''}\n{json.dumps(sample_id)}: {json.dumps(entry, allow_nan=False)}"
    yield "\n}}\n"


def _verbs_and_nouns(scored: SplitScores, start: int, stop: int) -> Iterator[dict[str, Any]]:
    logits = {head: values[start:stop] for head, values in scored.logits.items()}
    if "action" in logits:
        logits = {"action": logits["action"]}
    found = head_scores(logits, scored.classes)
    # A verb that is in no action has the probability 0, whose logarithm is no number of JSON.
    tiny = np.finfo(np.float64).tiny
    logs = {head: np.log(np.maximum(found[head].probabilities, tiny)) for head in ("verb", "noun")}
    for row in range(stop - start):
        yield {head: {str(i): float(p) for i, p in enumerate(values[row])} for head, values in logs.items()}


def _actions_ahead(scored: SplitScores, start: int, stop: int) -> Iterator[dict[str, Any]]:
    classes, logits = scored.classes, scored.logits["action"][start:stop]
    whole = {head: scores.probabilities for head, scores in head_scores({"action": logits}, classes).items()}
    probabilities, made_of = whole["action"], classes.parts("action")
    # Of equal scores the lower class id ranks first, as in the metrics.
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :ACTIONS]
    for row in range(stop - start):
        action = {
            f"{made_of['verb'][a]},{made_of['noun'][a]}": float(probabilities[row, a])
            for a in best[row].tolist()
        }
        yield {
            **{head: {str(i): float(p) for i, p in enumerate(whole[head][row])} for head in ("verb", "noun")},
            "action": action,
        }
