"""Steps of ``average`` over the scores of two made-up models."""

from pathlib import Path

from made_up_tables import make_classes, make_scores, make_tables

from foretaste.contracts.tables import SAMPLES, read_table
from foretaste.evaluation.protocols import targets
from foretaste.pipeline.step import Step

#: The two models.
NAMES = ("lm", "counts")


def step_of(
    folder: Path,
    folds: int,
    exponent: float | str,
    weights: str | list[float] = "equal",
    held_out: bool = False,
    lengths: tuple[int, int] = (5, 5),
) -> Step:
    """The step over the scores of both models: each with ``folds``, or with rows that are held out of its
    training, and of its own length of history.
    """
    classes = make_classes()
    tables = make_tables(folder, classes, {"training": 8, "validation": 4})
    samples = read_table(folder / "samples.parquet", SAMPLES)
    ids = {split: list(targets(samples, split).sample_ids) for split in tables}
    for name, length in zip(("lm", "counts"), lengths, strict=True):
        make_scores(
            folder / name / "scores",
            classes,
            tables,
            ids,
            name,
            1.5,
            0,
            folds,
            held_out=held_out,
            length=length,
        )
    return Step(
        stage="average",
        inputs={
            "scores": [folder / name / "scores" for name in ("lm", "counts")],
            "samples": folder / "samples.parquet",
            "classes": folder / "classes.json",
        },
        outputs={"scores": folder / "mean" / "scores"},
        config={
            "average": ["lm", "counts"],
            "parts": ["lm", "counts"],
            "seeds": [],
            "weights": weights,
            "space": "probabilities",
            "prior_exponent": exponent,
            "primary_metric": "class_mean_recall5",
            "protocol": {"tau_a": 1.0, "prior_exponent": exponent, "ensemble_weights": weights},
        },
        scratch=folder / "scratch",
    )
