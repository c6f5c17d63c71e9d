"""The metrics: one row each. What is measured, the intervals, the tables of summary, report and results page,
and the choice of a preset's primary metric are all made from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number of a head, in per cent.

    name
        Its key in ``metrics.json``.
    title, short
        What it is called in a table, and in a narrow one.
    kind
        ``accuracy``: share of the samples whose class is among the first k. ``class_mean_recall``: the mean
        over classes of that share. ``ece``: the expected calibration error of the first class.
    group
        A group of classes or of samples of the label space, which alone are averaged over; the metric is
        absent (null) for a dataset, or a head, without it. None: all.
    of_main
        Whether the group is of classes of the main head, whatever the head that is measured: verbs of the
        samples whose action is in it.
    """

    name: str
    title: str
    short: str
    kind: Literal["accuracy", "class_mean_recall", "ece"]
    k: int = 1
    group: str | None = None
    of_main: bool = False

    @property
    def counts_hits(self) -> bool:
        """Whether it is a mean of hits, such as has an interval and can be compared; higher is better."""
        return self.kind != "ece"


METRICS = {
    row.name: row
    for row in (
        Metric(name="top1", title="top-1", short="top-1", kind="accuracy", k=1),
        Metric(name="top5", title="top-5", short="top-5", kind="accuracy", k=5),
        Metric(
            name="class_mean_recall1", title="class-mean recall@1", short="cmr@1", kind="class_mean_recall",
            k=1,
        ),
        Metric(
            name="class_mean_recall5", title="class-mean recall@5", short="cmr@5", kind="class_mean_recall",
            k=5,
        ),
        Metric(
            name="many_shot_recall5_and", title="many-shot recall@5, and", short="msr@5 and",
            kind="class_mean_recall", k=5, group="many_shot_and",
        ),
        Metric(
            name="many_shot_recall5_or", title="many-shot recall@5, or", short="msr@5 or",
            kind="class_mean_recall", k=5, group="many_shot_or",
        ),
        Metric(
            name="class_mean_recall5.unseen", title="class-mean recall@5, unseen", short="unseen",
            kind="class_mean_recall", k=5, group="unseen",
        ),
        Metric(
            name="class_mean_recall5.tail", title="class-mean recall@5, tail", short="tail",
            kind="class_mean_recall", k=5, group="tail",
        ),
        Metric(
            name="top1.regular", title="top-1, regular", short="top-1 regular", kind="accuracy",
            group="regular",
        ),
        Metric(
            name="top1.unseen", title="top-1, unseen", short="top-1 unseen", kind="accuracy", group="unseen",
        ),
        Metric(
            name="top1.tail", title="top-1, tail", short="top-1 tail", kind="accuracy", group="tail",
        ),
        Metric(
            name="top1.seen_pairs", title="top-1, pairs of verb and noun seen in training",
            short="top-1 seen pairs", kind="accuracy", group="seen_pairs", of_main=True,
        ),
        Metric(
            name="top1.unseen_pairs", title="top-1, pairs never seen in training",
            short="top-1 unseen pairs", kind="accuracy", group="unseen_pairs", of_main=True,
        ),
        Metric(name="ece", title="calibration error", short="ece", kind="ece"),
    )
}  # fmt: skip
