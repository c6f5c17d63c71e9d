"""Inception-I3D against the public port's numbers, and against sums written out."""

from __future__ import annotations

import math
from ast import literal_eval
from zlib import crc32

import made_up_tables
import numpy as np
import pytest
import torch
from torch import nn

from foretaste.contracts.batch import Batch
from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.models.inception_i3d import (
    END_POINTS,
    PORT,
    Classifier,
    Config,
    Inception,
    InceptionI3d,
    Pool,
    Unit,
    layout,
)
from foretaste.settings import families

SMALL = {"kind": "inception_i3d", "width": 0.05}
FLOW = {"mean": [0.5, 0.5], "std": [0.5, 0.5]}


@pytest.fixture(scope="module")
def layers(shared_golden):
    return np.load(shared_golden / "i3d_layers_tiny.npz")


def clips(*shape, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)


def batch(**inputs):
    count = len(next(iter(inputs.values())))
    return Batch(ids=tuple(map(str, range(count))), inputs=inputs)


def built(sources=None, **settings):
    torch.manual_seed(0)
    return families.build(
        "models", {**SMALL, **settings}, sources=sources or Sources(classes=made_up_tables.make_classes())
    )


def equals(module: nn.Module, golden, case: str):
    given = {
        name.split("param/")[1]: torch.from_numpy(golden[name])
        for name in golden.files
        if name.startswith(f"{case}/param/")
    }
    module.double().load_state_dict(given)
    got = module.eval()(torch.from_numpy(golden[f"{case}/input"]))
    np.testing.assert_allclose(got.detach(), golden[f"{case}/output"], atol=1e-9, rtol=0)


def test_units_of_the_port(layers):
    equals(Unit(3, 4, 7, 2), layers, "stem_k7_s2")
    equals(Unit(2, 3, 3), layers, "k3_s1")
    equals(Inception(6, (3, 2, 4, 2, 3, 2)), layers, "inception")


def test_the_classifier_of_the_port_at_every_place(layers):
    model, case = Classifier(4, 5).double(), "k1_s1_bias_nobn_noact"
    model.load_state_dict(
        {
            f"conv3d.{name}": torch.from_numpy(layers[f"{case}/param/conv3d.{name}"])
            for name in ("weight", "bias")
        }
    )
    places = torch.from_numpy(layers[f"{case}/input"]).movedim(1, -1).reshape(-1, 4)
    expected = torch.from_numpy(layers[f"{case}/output"]).movedim(1, -1).reshape(-1, 5)
    torch.testing.assert_close(model(places), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("kernel", [(1, 3, 3), (3, 3, 3), (2, 2, 2)])
@pytest.mark.parametrize("step", [1, 2])
def test_pooling_of_the_port_sees_zeros_beyond_the_border(layers, kernel, step):
    stride = (1, 2, 2) if kernel == (1, 3, 3) else (step,) * 3
    case = f"pool{''.join(map(str, kernel))}_s{''.join(map(str, stride))}"
    if f"{case}/input" in layers.files:
        equals(Pool(kernel, stride), layers, case)
    else:
        assert case == "pool222_s111", "every pooling of the network has its case"


def by_hand(values: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """Maxima over windows of one dimension, places beyond it being 0, ceil(n / stride) of them."""
    count = len(values)
    places = math.ceil(count / stride)
    before = max((places - 1) * stride + kernel - count, 0) // 2
    value = lambda at: values[at] if 0 <= at < count else 0.0  # noqa: E731
    starts = [place * stride - before for place in range(places)]
    return np.array([max(value(at) for at in range(start, start + kernel)) for start in starts])


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (2, 2), (3, 1), (7, 2)])
def test_same_padding_by_hand(count, kernel, stride):
    values = -1 - np.random.default_rng(count).random(count)
    got = Pool((kernel, 1, 1), (stride, 1, 1))(torch.from_numpy(values)[None, None, :, None, None])
    assert got.flatten().tolist() == by_hand(values, kernel, stride).tolist()


def closed_form(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The golden file's ``generator``: parameters without random numbers."""
    count = math.prod(shape)
    wave = np.sin(0.7 * np.arange(count) + 0.001 * (crc32(name.encode()) % 1000003)).reshape(shape)
    if name.endswith("conv3d.weight"):
        return torch.from_numpy(1.4 * math.sqrt(2 / math.prod(shape[1:])) * wave)
    if name.endswith("running_var"):
        return torch.from_numpy(1 + 0.2 * wave)
    return torch.as_tensor((1 if name.endswith("bn.weight") else 0) + 0.1 * wave)


def test_the_whole_network_at_every_end_point(shared_golden):
    golden = np.load(shared_golden / "i3d_full_checksums.npz")
    shapes = np.load(shared_golden / "i3d_full_names_shapes.npz")
    model = InceptionI3d(Config(), {"action": 400}).double().eval()
    state = {
        name: closed_form(name, literal_eval(shape)) for name, shape in zip(shapes["names"], shapes["shapes"])
    }
    state = {name: torch.tensor(0) if "num_batches" in name else one for name, one in state.items()}
    weights.install(model, state, PORT, "golden")
    pixels = torch.sin(0.013 * torch.arange(3 * 8 * 64 * 64, dtype=torch.float64)).view(1, 3, 8, 64, 64)
    with torch.no_grad():
        embedding, maps = model.run(pixels)
    names = [name for name in golden.files if name.endswith("/shape")]
    assert [name.split("/")[0].lower() for name in names] == list(maps) == list(END_POINTS)
    for name in (name.split("/")[0] for name in names):
        got = maps[name.lower()].movedim(-1, 1)
        assert got.shape == tuple(golden[f"{name}/shape"])
        assert got.mean().item() == pytest.approx(golden[f"{name}/mean"].item(), rel=1e-9)
        assert got.std(correction=0).item() == pytest.approx(golden[f"{name}/std"].item(), rel=1e-9)
        assert got.abs().sum().item() == pytest.approx(golden[f"{name}/sum_abs"].item(), rel=1e-9)
        np.testing.assert_allclose(got.flatten()[:8], golden[f"{name}/first8"], atol=1e-9, rtol=0)
        if f"{name}/full" in golden.files:
            np.testing.assert_allclose(got, golden[f"{name}/full"], atol=1e-9, rtol=0)
    torch.testing.assert_close(embedding, maps["mixed_5c"].mean((1, 2, 3)))


def test_names_shapes_and_sizes_of_the_port(shared_golden):
    golden = np.load(shared_golden / "i3d_full_names_shapes.npz")
    with torch.device("meta"):
        model = InceptionI3d(Config(), {"action": 400}).eval()
        flow = InceptionI3d(Config(pixels=FLOW), {"action": 400})
        for given in {one for one, _, _ in golden["endpoint_shapes"].tolist()}:
            _, maps = model.run(torch.empty(literal_eval(given)))
            expected = {
                name.lower(): literal_eval(shape)
                for one, name, shape in golden["endpoint_shapes"].tolist()
                if one == given
            }
            assert {name: tuple(one.movedim(-1, 1).shape) for name, one in maps.items()} == expected
    exported = {name: str(tuple(tensor.shape)) for name, tensor in weights.export(model, PORT).items()}
    assert exported == dict(zip(golden["names"].tolist(), golden["shapes"].tolist()))
    first = weights.export(flow, PORT)["Conv3d_1a_7x7.conv3d.weight"]
    assert first.shape == tuple(golden["flow_first_conv_shape"])


def test_flow_of_any_length_and_size_and_a_head_for_8_frames():
    model = built(pixels=FLOW, classify=["verb", "noun"])
    for shape in [(1, 8, 2, 224, 224), (2, 3, 2, 33, 47)]:
        outputs = model(batch(frames=clips(*shape)))
        assert {head: len(logits[0]) for head, logits in outputs.logits.items()} == {"verb": 6, "noun": 5}
        assert outputs.embedding.shape == (shape[0], model.width)
        assert set(outputs.maps) == set(END_POINTS)
    with pytest.raises(ConfigError, match="pictures of 3 channels"):
        model(batch(frames=clips(1, 8, 3, 32, 32)))


@pytest.mark.parametrize("start", ["maxpool3d_4a_3x3", "mixed_4f", "mixed_5c"])
def test_from_the_maps_of_an_end_point_on_it_says_the_same(start, tmp_path):
    whole = built(classify=["action"]).double().eval()
    statistics = torch.Generator().manual_seed(1)
    for name, buffer in whole.named_buffers():
        if name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=statistics))
    torch.save(weights.export(whole, PORT), tmp_path / "whole.pt")
    sources = Sources(classes=made_up_tables.make_classes(), weights=tmp_path / "whole.pt")
    rest = built(sources, classify=["action"], start=start, weights="whole.pt").double().eval()
    rest.classifiers.load_state_dict(whole.classifiers.state_dict())
    expected = whole(batch(frames=clips(2, 9, 3, 40, 48)))
    maps = expected.maps[start]
    for features in (maps, maps[:, None], maps.unflatten(1, (-1, 1))):
        found = rest(batch(features=features))
        torch.testing.assert_close(found.logits["action"], expected.logits["action"], atol=1e-12, rtol=0)
    assert list(found.maps) == list(END_POINTS[END_POINTS.index(start) + 1 :])
    with pytest.raises(ConfigError, match=rf"maps of {start}"):
        rest(batch(features=maps[..., 1:]))
    with pytest.raises(ConfigError, match=rf"maps of {start}"):
        rest(batch(features=maps[:, 0, 0]))


def test_weights_of_the_port_in_and_out(tmp_path, capsys):
    """Also as torch 0.3 wrote them, which counted no batches."""
    torch.manual_seed(1)
    source = InceptionI3d(Config(width=0.05), {"action": 7})
    for tensor in (*source.parameters(), *source.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.5, 1.5)
    state = weights.export(source, PORT)
    torch.save({n: t for n, t in state.items() if "num_batches" not in n}, tmp_path / "i3d.pt")
    sources = Sources(classes=made_up_tables.make_classes(), weights=tmp_path / "i3d.pt")
    model = built(sources, weights="i3d.pt")
    assert "left out: logits.conv3d.weight, logits.conv3d.bias" in capsys.readouterr().err
    back = weights.export(model, layout(Config()))
    for name, tensor in state.items():
        if not name.startswith("logits"):
            assert torch.equal(back[name], tensor), name
    assert "classifiers.verb.conv3d.bias" in back, "several heads keep their own names"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Mixed_4f.b1b.bn.running_mean": None}, "missing Mixed_4f.b1b.bn.running_mean, not known none"),
        ({"Mixed_4f.b1b.conv3d.bias": torch.zeros(2)}, "not known Mixed_4f.b1b.conv3d.bias"),
        ({"Mixed_4f.b1b.bn.bias": torch.zeros(2)}, r"Mixed_4f.b1b.bn.bias has shape \(2,\)"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path, change, message):
    state = weights.export(InceptionI3d(Config(width=0.05), {"action": 7}), PORT) | change
    torch.save({name: one for name, one in state.items() if one is not None}, tmp_path / "i3d.pt")
    sources = Sources(classes=made_up_tables.make_classes(), weights=tmp_path / "i3d.pt")
    with pytest.raises(DataError, match=message):
        built(sources, weights="i3d.pt")
