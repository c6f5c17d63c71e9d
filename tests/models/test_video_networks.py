"""What holds for every network that sees video: it learns, also in half precision, and is kept whole."""

from __future__ import annotations

import made_up_tables
import pyarrow as pa
import pytest
import torch

from foretaste.contracts.batch import Batch
from foretaste.contracts.view import Sources
from foretaste.settings import families
from foretaste.training.checkpoint import load_model, save_model
from foretaste.training.precision import forward

TINY = {"width": 12, "heads": 2}
BOXES = {**TINY, "kind": "stlt", "spatial_layers": 1, "temporal_layers": 1}
NETWORKS = {
    "inception_i3d": {"kind": "inception_i3d", "width": 0.05, "dropout": 0.0},
    "video_swin": {"kind": "video_swin", "width": 12, "depths": [2, 2], "heads": [2, 4], "window": [2, 3, 3]},
    **{
        f"timesformer {kind}": {"kind": "timesformer", **TINY, "image": 32, "frames": 4, "layers": 2}
        | {"attention": kind}
        for kind in ("divided", "joint", "space_only")
    },
    "stlt bmvc2021": {**BOXES, "variant": "bmvc2021"},
    "stlt iccv2023": {**BOXES, "variant": "iccv2023", "positions": 4},
}

#: Parameters that a batch without scores of boxes, or hands, does not use.
UNUSED = ("boxes.score.", "boxes.side.", "boxes.state.")


def shown(kind: str) -> Batch:
    random = torch.Generator().manual_seed(0)
    if kind == "stlt":
        boxes = torch.rand((3, 4, 2, 2, 2), generator=random).sort(3).values.flatten(3)
        inputs = {"boxes": boxes, "classes": torch.randint(0, 3, (3, 4, 2), generator=random)}
    else:
        inputs = {"frames": torch.randint(0, 256, (3, 4, 3, 32, 32), dtype=torch.uint8, generator=random)}
    return Batch(ids=("a", "b", "c"), inputs=inputs)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_it_learns_and_is_kept_whole(name, precision, tmp_path):
    spec, batch = NETWORKS[name], shown(NETWORKS[name]["kind"])
    boxes = pa.table({"label": ["hand", "object"]})
    sources = Sources(classes=made_up_tables.make_classes(), boxes=boxes)
    torch.manual_seed(0)
    model = families.build("models", spec, sources=sources)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    target = torch.tensor([0, 1, 2])
    values = []
    for _ in range(8):
        logits = forward(model, batch, precision).logits["verb"]
        value = torch.nn.functional.cross_entropy(logits, target)
        optimizer.zero_grad()
        value.backward()
        values.append(value.item())
        optimizer.step()
    assert min(values[4:]) < values[0]
    for own, parameter in model.named_parameters():
        learns = parameter.grad is not None and bool(parameter.grad.isfinite().all())
        assert learns or own.startswith((*UNUSED, "classifiers.action", "classifiers.noun")), own
    save_model(tmp_path / "checkpoint", model, spec, sources.classes, {})
    again, _ = load_model(tmp_path / "checkpoint", sources)
    with torch.no_grad():
        first, second = (forward(one, batch, "fp32") for one in (model.eval(), again))
    assert torch.equal(first.logits["action"], second.logits["action"])
    assert torch.equal(first.embedding, second.embedding)
