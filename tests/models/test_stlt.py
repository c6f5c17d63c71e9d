"""STLT against the numbers of both public versions, and in what follows from who may attend to whom."""

from __future__ import annotations

from ast import literal_eval

import made_up_tables
import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.stlt import BMVC2021, ICCV2023, Config, Stlt
from foretaste.settings import families

SMALL = {
    "bmvc2021": {"width": 24, "heads": 4, "spatial_layers": 1, "temporal_layers": 2, "positions": 12},
    "iccv2023": {"width": 24, "heads": 4, "spatial_layers": 2, "temporal_layers": 2, "positions": 5},
}
LAYOUTS = {"bmvc2021": BMVC2021, "iccv2023": ICCV2023}
VARIANTS = tuple(SMALL)


def sources(labels=("hand", "object"), path=None):
    boxes = pa.table({"label": pa.array([label for label in labels for _ in range(2)])})
    return Sources(classes=made_up_tables.make_classes(), boxes=boxes, weights=path)


def network(variant, seed=0, rows=(0, 1, 2)):
    torch.manual_seed(seed)
    model = Stlt(Config(variant=variant, **SMALL[variant]), list(rows), 2, {"action": 7})
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model.double().eval()


def layouts_of(frames=5, places=4, seed=0):
    """Boxes of two clips, as the view gives them; one frame of each is empty."""
    random = torch.Generator().manual_seed(seed)
    corners = torch.rand((2, frames, places, 2, 2), generator=random, dtype=torch.float64).sort(3).values
    classes = torch.randint(0, 3, (2, frames, places), generator=random)
    classes[:, 1] = 0
    boxes = corners.flatten(3) * (classes > 0)[..., None]
    return {"boxes": boxes, "classes": classes}


def said(model, inputs):
    return model(Batch(ids=("a", "b"), inputs=inputs)).logits["action"]


def published(shared_golden, variant, rows=(0, 1, 2)):
    golden = np.load(shared_golden / f"stlt_{variant}_tiny.npz")
    model = network(variant, rows=rows)
    state = {name.removeprefix("param/"): golden[name] for name in golden.files if name.startswith("param/")}
    state = {name: torch.from_numpy(one) for name, one in state.items()}
    weights.install(model, state, LAYOUTS[variant], "golden")
    return model, {name: torch.from_numpy(golden[name]) for name in golden.files if golden[name].ndim}


def close(got, expected):
    torch.testing.assert_close(got, expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("scored", [False, True])
def test_every_stage_of_bmvc2021(shared_golden, scored):
    model, golden = published(shared_golden, "bmvc2021")
    types, lengths = golden["frame_types"], golden["lengths"]
    extras = {"scores": golden["scores"]} if scored else {}
    frames = model.frame_vectors(golden["categories"], golden["boxes"], extras)
    hidden = model.clip_vectors(frames, types)
    last = hidden[torch.arange(3), lengths - 1]
    if not scored:
        close(frames, golden["spatial_cls_BFD"])
        embedded = frames + model.positions.weight[:5] + model.types(types)
        close(model.norm(embedded), golden["frame_embeddings_BFD"])
        for clip, length in enumerate(lengths.tolist()):
            close(hidden[clip, :length], golden["temporal_hidden_FBD"][:length, clip])
    close(model.classifiers["action"](last), golden["logits_with_scores" if scored else "logits"])
    # The same from what the view ``boxes`` gives: without the picture's box, the last frame and the padding.
    for clip, length in enumerate(lengths.tolist()):
        inputs = {"boxes": golden["boxes"][:, :, 1:], "classes": golden["categories"][:, :, 1:], **extras}
        inputs |= {"scores": golden["scores"][:, :, 1:]} if scored else {}
        own = {name: one[clip : clip + 1, : length - 1] for name, one in inputs.items()}
        got = model(Batch(ids=("a",), inputs=own)).logits["action"][0]
        close(got, golden["logits_with_scores" if scored else "logits"][clip])


def test_every_stage_of_iccv2023(shared_golden):
    """Whose table numbers object before hand; the view numbers them as they are sorted."""
    model, golden = published(shared_golden, "iccv2023", rows=(0, 2, 1))
    extras = {name: golden[name] for name in ("scores", "sides", "states")}
    frames = model.frame_vectors(golden["class_labels"], golden["bboxes"], extras)
    close(frames, golden["spatial_cls_BFD"])
    close(model.clip_vectors(frames, None)[:, -1], golden["feature_BD"])
    inputs = {"boxes": golden["bboxes"], "classes": torch.tensor([0, 2, 1])[golden["class_labels"]], **extras}
    outputs = model(Batch(ids=("a", "b"), inputs=inputs))
    close(outputs.embedding, golden["feature_BD"])
    close(outputs.logits["action"], golden["logits"])


@pytest.mark.parametrize(
    ("variant", "settings"),
    [
        ("bmvc2021", {}),
        ("iccv2023", {"heads": 8, "spatial_layers": 6, "temporal_layers": 6, "positions": 16}),
    ],
)
def test_names_and_shapes_of_the_published_networks(shared_golden, variant, settings):
    golden = np.load(shared_golden / f"stlt_{variant}_full_names.npz")
    with torch.device("meta"):
        model = Stlt(Config(variant=variant, **settings), [0, 1, 2], 2, {"action": 174})
    exported = {name: tuple(one.shape) for name, one in weights.export(model, LAYOUTS[variant]).items()}
    assert exported == dict(zip(golden["names"].tolist(), map(literal_eval, golden["shapes"].tolist())))


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_box_written_out(variant):
    model = network(variant)
    category, box, extras = torch.tensor([2]), torch.tensor([[0.1, 0.2, 0.5, 0.9]], dtype=torch.float64), {}
    part = model.boxes
    x = part.category.weight[2] + part.box.weight @ box[0] + part.box.bias
    if variant == "iccv2023":
        extras = {
            "scores": torch.tensor([0.5]).double(),
            "sides": torch.tensor([1]),
            "states": torch.tensor([4]),
        }
        x = x + 0.5 * part.score.weight[:, 0] + part.score.bias + part.side.weight[1] + part.state.weight[4]
    eps = {"bmvc2021": 1e-12, "iccv2023": 0.1}[variant]
    expected = (x - x.mean()) / (x.var(correction=0) + eps).sqrt() * part.norm.weight + part.norm.bias
    torch.testing.assert_close(part(category, box, extras)[0], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_order_of_boxes_and_places_without_one_do_not_count(variant):
    model, inputs = network(variant), layouts_of()
    expected = said(model, inputs)
    turned = {name: one.flip(2) for name, one in inputs.items()}
    torch.testing.assert_close(said(model, turned), expected, atol=1e-10, rtol=0)
    wider = {"boxes": torch.nn.functional.pad(inputs["boxes"], (0, 0, 0, 2), value=0.5)}
    wider["classes"] = torch.nn.functional.pad(inputs["classes"], (0, 2))
    torch.testing.assert_close(said(model, wider), expected, atol=1e-10, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(said(model, inputs), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_frame_sees_a_later_one_but_the_clips_vector_sees_all(variant):
    model, inputs = network(variant), layouts_of()
    categories, boxes = inputs["classes"], inputs["boxes"]
    nothing = torch.zeros_like(categories)
    extras = {"scores": boxes[..., 0], "sides": nothing, "states": nothing} if variant == "iccv2023" else {}
    types = torch.full((2, 5), 2) if variant == "bmvc2021" else None
    frames = model.frame_vectors(torch.where(categories > 0, categories, 1), boxes, extras)
    changed = frames.clone()
    changed[:, 3] = frames[:, 3].flip(-1)
    first, second = (model.clip_vectors(one, types) for one in (frames, changed))
    torch.testing.assert_close(first[:, :3], second[:, :3], atol=1e-12, rtol=0)
    assert not torch.allclose(first[:, -1], second[:, -1])
    other = {**inputs, "boxes": inputs["boxes"] * 0.9}
    assert not torch.allclose(said(model, inputs), said(model, other))


@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_go_out_and_come_in_again(tmp_path, capsys, variant):
    source, layout = network(variant, seed=1).float(), LAYOUTS[variant]
    state = weights.export(source, layout)
    torch.save({f"_orig_mod.{name}": one for name, one in state.items()}, tmp_path / "stlt.pt")
    spec = {"kind": "stlt", "variant": variant, **SMALL[variant], "classify": ["verb"], "weights": "stlt.pt"}
    model = families.build("models", spec, sources=sources(path=tmp_path / "stlt.pt"))
    first = {"bmvc2021": "prediction_head.fc1.weight", "iccv2023": "classifiers.ACTION.weight"}[variant]
    assert f"left out: {first}" in capsys.readouterr().err
    own = dict(model.named_parameters())
    for name, parameter in source.named_parameters():
        assert name.startswith("classifiers.") or torch.equal(parameter, own[name]), name
    del state[next(name for name in state if "position_embeddings" in name)]
    torch.save(state, tmp_path / "stlt.pt")
    with pytest.raises(DataError, match=r"missing .*position_embeddings"):
        families.build("models", spec, sources=sources(path=tmp_path / "stlt.pt"))


def test_boxes_are_numbered_as_the_network_was_trained_by_their_labels():
    spec = {"kind": "stlt", "variant": "iccv2023", **SMALL["iccv2023"]}
    build = lambda labels, found: families.build(  # noqa: E731
        "models", {**spec, "labels": labels}, sources=sources(found)
    )
    assert build(["object", "hand"], ("hand", "object")).rows.tolist() == [0, 2, 1]
    # A row without a label says only that somebody looked at a frame.
    assert build(["object", "hand"], ("hand", None)).rows.tolist() == [0, 2]
    assert build([], ("knife", "hand", "pan")).boxes.category.num_embeddings == 4
    with pytest.raises(ConfigError, match=r"label of a box 'knife'.*one of hand, object"):
        build(["object", "hand"], ("hand", "knife"))


@pytest.mark.parametrize(
    ("variant", "frames", "message"),
    [
        ("iccv2023", 4, "5, one a position"),
        ("iccv2023", 6, "5, one a position"),
        ("bmvc2021", 12, "at most 11"),
    ],
)
def test_clips_of_a_length_that_it_has_no_positions_for_are_refused(variant, frames, message):
    with pytest.raises(ConfigError, match=message):
        said(network(variant), layouts_of(frames))
    if variant == "bmvc2021":
        assert said(network(variant), layouts_of(11)).shape == (2, 7)
