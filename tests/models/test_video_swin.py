"""Video Swin against the authors' numbers, and against attention written out place by place."""

from __future__ import annotations

import itertools
from ast import literal_eval
from dataclasses import replace

import made_up_tables
import numpy as np
import pytest
import torch
from torch import nn

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models import video_swin, weights
from foretaste.models.video_swin import BACKBONE, RECOGNISER, TORCHVISION, Config, VideoSwin
from foretaste.settings import families

SMALL = {"width": 12, "depths": [2, 2], "heads": [2, 4], "window": [4, 3, 3]}
CASES = ["a", "b_pad", "c_shortT", "d_smallHW"]


@pytest.fixture(scope="module")
def golden(shared_golden):
    return np.load(shared_golden / "video_swin_tiny.npz")


def clips(*shape):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def network(seed=0, classes=None, **settings):
    torch.manual_seed(seed)
    model = VideoSwin(Config(**SMALL, **settings), {"action": 5} if classes is None else classes)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def sources(path=None):
    return Sources(classes=made_up_tables.make_classes(), weights=path)


@pytest.mark.parametrize("case", CASES)
def test_every_stage_of_the_authors_network(golden, case):
    model = VideoSwin(Config(**SMALL), {}).double().eval()
    state = {name.removeprefix("param/"): golden[name] for name in golden.files if name.startswith("param/")}
    weights.install(model, {name: torch.from_numpy(one) for name, one in state.items()}, BACKBONE, "golden")
    x = model.patch_embed(torch.from_numpy(golden[f"{case}/input"]))
    stages = {"patch_embed": x}
    for number, layer in enumerate(model.layers):
        stages[f"stage{number}"] = x = layer(x)
    final = model.run(torch.from_numpy(golden[f"{case}/input"]))
    stages |= {"output_ncdhw": final, "pooled": final.mean((1, 2, 3))}
    for name, got in stages.items():
        got = got.movedim(-1, 1) if got.dim() == 5 else got
        np.testing.assert_allclose(got.detach(), golden[f"{case}/{name}"], atol=1e-9, rtol=0)


def test_names_and_shapes_of_swin_t(shared_golden):
    golden = np.load(shared_golden / "video_swin_t_names.npz")
    with torch.device("meta"):
        model = VideoSwin(Config(), {"action": 400})
    exported = {name: tuple(one.shape) for name, one in weights.export(model, BACKBONE).items()}
    expected = {
        name: literal_eval(one) for name, one in zip(golden["names"].tolist(), golden["shapes"].tolist())
    }
    heads = {"classifiers.action.weight": (400, 768), "classifiers.action.bias": (400,)}
    assert exported == expected | heads
    recogniser = set(weights.export(model, RECOGNISER))
    assert recogniser == {f"backbone.{name}" for name in expected} | {
        "cls_head.fc_cls.weight",
        "cls_head.fc_cls.bias",
    }
    theirs = weights.export(model, TORCHVISION)
    assert theirs["features.4.5.mlp.3.weight"].shape == (384, 1536)
    assert theirs["features.5.reduction.weight"].shape == (768, 1536)
    assert theirs["head.weight"].shape == (400, 768) and "features.7.reduction.weight" not in theirs
    assert sum(one.numel() for one in model.parameters()) == 28_158_070, "as torchvision counts swin3d_t"


def written_out(attention, x, sizes, window, shift):
    """Attention of one clip (T, H, W, D) as loops over places: who shares a window with whom, and is no
    stranger that was only moved into it.
    """
    query, key, value = attention.qkv(x).unflatten(-1, (3, attention.heads, -1)).unbind(-3)
    rows, columns = 2 * window[1] - 1, 2 * window[2] - 1

    def home(place):
        """The window of a place after the move, and on which side of the border it was before."""
        moved = [(at - step) % size for at, step, size in zip(place, shift, sizes)]
        came = tuple(bool(step) and at < step for at, step in zip(place, shift))
        return tuple(at // part for at, part in zip(moved, window)), came

    def inside(place):
        return [(at - step) % size % part for at, step, size, part in zip(place, shift, sizes, window)]

    found = torch.zeros_like(x)
    everywhere = list(itertools.product(*map(range, sizes)))
    for place in everywhere:
        others = [other for other in everywhere if home(other) == home(place)]
        steps = [
            [a - b + part - 1 for a, b, part in zip(inside(place), inside(other), window)] for other in others
        ]
        bias = torch.stack(
            [attention.relative_position_bias_table[(t * rows + h) * columns + w] for t, h, w in steps]
        )
        scores = torch.stack([(query[place] * key[other]).sum(-1) for other in others]) * attention.scale
        share = (scores + bias).softmax(0)  # (others, heads)
        found[place] = sum(one[:, None] * value[other] for one, other in zip(share, others)).flatten()
    return attention.proj(found)


@pytest.mark.parametrize("shift", [(0, 0, 0), (1, 1, 1), (0, 1, 0)])
def test_attention_written_out_place_by_place(shift):
    window, sizes = (2, 3, 2), (4, 6, 4)
    torch.manual_seed(0)
    block = video_swin.Block(6, 2, window, 0.0).double()
    nn.init.normal_(block.attn.relative_position_bias_table)
    x = torch.randn(2, *sizes, 6, dtype=torch.float64)
    apart = video_swin._apart(sizes, window, shift, x) if any(shift) else None
    with torch.no_grad():
        got = block._attend(x, window, shift, apart)
        for row in range(2):
            expected = written_out(block.attn, x[row], sizes, window, shift)
            torch.testing.assert_close(got[row], expected, atol=1e-10, rtol=0)


def test_one_clip_says_the_same_alone_and_in_a_batch_and_heads_are_the_datasets():
    model = families.build("models", {"kind": "video_swin", **SMALL}, sources=sources()).eval()
    frames = clips(3, 5, 3, 20, 27)
    outputs = model(Batch(ids=("a", "b", "c"), inputs={"frames": frames}))
    assert {head: len(one[0]) for head, one in outputs.logits.items()} == {"action": 20, "verb": 6, "noun": 5}
    assert outputs.embedding.shape == (3, 24) and outputs.maps["final"].shape == (3, 3, 3, 4, 24)
    alone = model(Batch(ids=("b",), inputs={"frames": frames[1:2]}))
    torch.testing.assert_close(alone.logits["verb"][0], outputs.logits["verb"][1])


def test_pixels_are_normalised_as_imagenets():
    model, frames = network().double().eval(), clips(1, 4, 3, 12, 12)
    mean, std = (torch.tensor(one)[:, None, None] for one in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    expected = model.run(((frames.double() / 255 - mean) / std).transpose(1, 2))
    got = model(Batch(ids=("a",), inputs={"frames": frames})).maps["final"]
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-6)


def test_blocks_are_left_out_in_training_only():
    model = network(drop_path=0.9)
    rates = [block.drop_path.rate for layer in model.layers for block in layer.blocks]
    assert rates == pytest.approx([0, 0.3, 0.6, 0.9])
    batch = Batch(ids=("a",), inputs={"frames": clips(1, 4, 3, 12, 12)})
    found = {model(batch).embedding.sum().item() for _ in range(6)}
    assert len(found) > 1
    model.eval()
    assert torch.equal(model(batch).embedding, model(batch).embedding)


@pytest.mark.parametrize("layout", [BACKBONE, RECOGNISER, TORCHVISION])
def test_weights_go_out_and_come_in_again(tmp_path, capsys, layout):
    source = network(1, {"action": 7})
    state = weights.export(source, layout)
    state = {name: one for name, one in state.items() if not name.startswith("classifiers.")}
    torch.save({"state_dict": state, "meta": {"epoch": 3}} if layout.entry else state, tmp_path / "swin.pth")
    spec = {"kind": "video_swin", **SMALL, "weights": "swin.pth"}
    model = families.build("models", spec, sources=sources(tmp_path / "swin.pth"))
    left_out = {BACKBONE: "nothing", RECOGNISER: "cls_head.fc_cls.weight", TORCHVISION: "head.weight"}[layout]
    assert f"swin.pth; left out: {left_out}" in capsys.readouterr().err
    own = dict(model.named_parameters())
    for name, parameter in source.named_parameters():
        assert name.startswith("classifiers.") or torch.equal(parameter, own[name]), name


def test_weights_of_another_window_are_refused(tmp_path):
    state = weights.export(network(classes={}), BACKBONE)
    torch.save(state, tmp_path / "swin.pth")
    other = {"kind": "video_swin", **SMALL, "window": [2, 3, 3], "weights": "swin.pth"}
    with pytest.raises(DataError, match="relative_position"):
        families.build("models", other, sources=sources(tmp_path / "swin.pth"))
    state["layers.0.blocks.0.attn.relative_position_index"][0, 1] += 1
    with pytest.raises(DataError, match="relative_position_index is another table"):
        weights.install(network(classes={}), state, replace(BACKBONE), "file")


def test_settings_that_do_not_fit_each_other_are_refused():
    for wrong, message in [({"depths": [2]}, "1 stages by depths"), ({"heads": [5, 4]}, "divide its width")]:
        with pytest.raises(ConfigError, match=message):
            families.build("models", {"kind": "video_swin", **SMALL, **wrong}, sources=sources())
