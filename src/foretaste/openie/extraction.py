"""What OpenIE finds in a sentence, and what every backend of it can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

#: Characters [start, stop) of the sentence.
Span = tuple[int, int]


class Extraction(NamedTuple):
    """A verb in its base form ("pick up") and its arguments as written; spans are [start, stop) characters
    of the sentence.
    """

    verb: str
    verb_span: Span
    object: str | None = None
    object_head: str | None = None
    object_span: Span | None = None
    subject: str | None = None


class Failure(NamedTuple):
    """A sentence that a backend could not read, and why."""

    reason: str


#: What a backend says of one sentence: its extractions in the order of their verbs.
Found = list[Extraction] | Failure


class Backend(Protocol):
    """A member of the family ``text`` that finds extractions.

    block
        How many sentences are best handed over together.
    """

    block: int

    def extract_all(self, sentences: Sequence[str]) -> list[Found]:
        """What is found in each of the sentences, in their order."""

    def close(self) -> None:
        """Give back what the backend holds: processes, files."""
