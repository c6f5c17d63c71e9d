"""What a slow parser has said of each sentence, on disk: no sentence is parsed twice, and a kill loses no
more than one group.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

#: SQLite's limit of names in one question is higher.
_AT_ONCE = 500


class Answers:
    """Sentence -> answer (any JSON). ``path`` None: in memory."""

    def __init__(self, path: Path | None):
        place = ":memory:"
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            # A step is alone with its scratch folder, and file systems of clusters often cannot lock as
            # SQLite wants it.
            place = f"{path.resolve().as_uri()}?nolock=1"
        self.database = sqlite3.connect(place, uri=True)
        self.database.execute(
            "CREATE TABLE IF NOT EXISTS answers (sentence TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT"
            " ROWID"
        )

    def of(self, sentences: Sequence[str]) -> dict[str, Any]:
        """The answers for those of ``sentences`` that have one."""
        found: dict[str, Any] = {}
        for start in range(0, len(sentences), _AT_ONCE):
            some = sentences[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self.database.execute(
                f"SELECT sentence, answer FROM answers WHERE sentence IN ({marks})", some
            )
            found.update((sentence, json.loads(answer)) for sentence, answer in rows)
        return found

    def add(self, answers: Iterable[tuple[str, Any]]) -> None:
        """Keep (sentence, answer) pairs, all of them or, at a kill, none."""
        with self.database:
            self.database.executemany(
                "INSERT INTO answers VALUES (?, ?)",
                ((sentence, json.dumps(answer)) for sentence, answer in answers),
            )

    def close(self) -> None:
        self.database.close()
