"""Are the class ids the right classes? By the published order of their names, by what narrations say, and by
names that are one name written twice.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from foretaste.annotations.labels import alike
from foretaste.doctor.examined import Examined
from foretaste.doctor.findings import Findings
from foretaste.doctor.published import Published, holds

#: Of so many rows of a class at least this share must speak of one other class, and at most that share of its
#: own, before its id is doubted: people narrate freely, and classes hold several words.
ROWS, OTHER, OWN = 10, 0.9, 0.1


def look(dataset: Examined, found: Findings) -> str:
    """Every head of the label space."""
    classes = dataset.annotations.classes
    for head, names in classes.heads.items():
        for one, other in alike(names):
            found.warn(
                f"{head} classes {one!r} and {other!r} look alike",
                dataset.where,
                "one name for one class",
                "write it in one way, or see to it that both are meant",
            )
    known = dataset.published
    if known is not None and holds(known, dataset.labels.config["reader"], dataset.catalogue):
        _compare(dataset, known, found)
    narrated = sum(_narrated(dataset, head, found) for head in classes.heads)
    sizes = ", ".join(f"{len(names)} {head}" for head, names in classes.heads.items())
    return f"{sizes}; {narrated} classes compared with their narrations"


def _compare(dataset: Examined, known: Published, found: Findings) -> None:
    """The order of the names with what is known of it: equal counts and other ids look right everywhere."""
    for head, expected in known.order.items():
        names = dataset.annotations.classes.names(head)
        if (digest := order_of(names)) != expected:
            found.fail(
                f"{head} ids are not the published ones: 0 is {names[0]!r}",
                dataset.where,
                f"names in the published order (sha256 {expected[:12]}..., found {digest[:12]}...)",
                "use the published class list; scores and weights of others mean other classes",
            )
    for head, expected in known.alphabetical.items():
        names = list(dataset.annotations.classes.names(head))
        if (names == sorted(names)) != expected:
            found.fail(
                f"{head} ids {'do not ' * expected}follow the alphabet",
                dataset.where,
                f"the published numbers, which {'do' if expected else 'do not'}",
                "use the published class list, or say reader: class_ids: alphabet where that is meant",
            )


def order_of(names: tuple[str, ...]) -> str:
    """sha256 of class names, one a line, in the order of their ids."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _narrated(dataset: Examined, head: str, found: Findings) -> int:
    """How many classes have narrations; those whose narrations speak of another class are findings."""
    names = dataset.annotations.classes.names(head)
    single = {name.lower(): index for index, name in enumerate(names) if name.isalpha()}
    if not single:  # names that no narration holds as a word, such as take_pan
        return 0
    words = [set(_words(name)) for name in names]
    rows, own, others = Counter(), Counter(), defaultdict(Counter)
    for label, said in _rows(dataset, head):
        rows[label] += 1
        own[label] += bool(words[label] & said)
        others[label].update(single[word] for word in said & single.keys() if single[word] != label)
    for label, count in sorted(rows.items()):
        if count < ROWS or not others[label]:
            continue
        other, heard = others[label].most_common(1)[0]
        if heard >= OTHER * count and own[label] <= OWN * count:
            found.fail(
                f"{head} class {label} is {names[label]!r}, but {heard} of its {count} narrations say"
                f" {names[other]!r}",
                dataset.where,
                "narrations of the class itself",
                "class ids are permuted: use labels and class list of one publication",
            )
    return sum(count >= ROWS for count in rows.values())


def _rows(dataset: Examined, head: str) -> Iterator[tuple[int, set[str]]]:
    segments = dataset.segments
    for label, said in zip(segments[f"{head}_id"].to_pylist(), segments["narration"].to_pylist()):
        if label is not None and said:
            yield label, set(_words(said))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())
