"""Image and video networks of transformers are read out of their folders: as the library itself computes
them, and whole or not at all.
"""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForImageClassification,
    AutoModelForVideoClassification,
    VideoMAEForPreTraining,
)
from vision_folders import CLIPS, READS, SETTINGS, write

from foretaste.contracts.errors import ConfigError, DataError
from foretaste.contracts.view import Sources
from foretaste.models.pretrained_vision import Config, build
from foretaste.models.vision_folder import WITH_CLASS_TOKEN


def opened(folder, **settings):
    return build(Config(**settings), Sources(pretrained=folder)).eval()


def pictures(architecture, frames=4):
    random = torch.Generator().manual_seed(1)
    shape = (2, frames, 3, 32, 32) if architecture in CLIPS else (2, 3, 32, 32)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)


def read_by_hand(frames):
    mean, std = (torch.tensor(READS[name])[:, None, None] for name in ("image_mean", "image_std"))
    return (frames / 255 - mean) / std


@pytest.mark.parametrize("architecture", SETTINGS)
def test_vectors_are_those_of_the_library(tmp_path, architecture):
    theirs = write(tmp_path, architecture)
    frames = pictures(architecture)
    name = "pixel_values_videos" if architecture == "vjepa2" else "pixel_values"
    more = {"skip_predictor": True} if architecture == "vjepa2" else {}
    with torch.no_grad():
        ours, given = opened(tmp_path), theirs(**{name: read_by_hand(frames)}, **more)
        found = ours.embed(frames)
    tokens = given.last_hidden_state
    if architecture == "convnext":
        expected = tokens.mean((2, 3))
    else:
        patches = 16 if architecture not in CLIPS else 16 * (4 if architecture == "timesformer" else 2)
        expected = tokens[:, -patches:].mean(1)
    assert ours.width == 24
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("architecture", [name for name in SETTINGS if name in WITH_CLASS_TOKEN])
def test_the_class_token_is_the_first(tmp_path, architecture):
    theirs, frames = write(tmp_path, architecture), pictures(architecture)
    with torch.no_grad():
        expected = theirs(pixel_values=read_by_hand(frames)).last_hidden_state[:, 0]
        found = opened(tmp_path, pool="class_token").embed(frames)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_pooler_is_the_network_s_own(tmp_path):
    theirs, frames = write(tmp_path, "siglip_vision_model"), pictures("siglip")
    with torch.no_grad():
        expected = theirs(pixel_values=read_by_hand(frames)).pooler_output
        torch.testing.assert_close(
            opened(tmp_path, pool="pooler").embed(frames), expected, atol=1e-5, rtol=1e-4
        )


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("vit", AutoModelForImageClassification),
        ("dinov2", AutoModelForImageClassification),
        ("convnext", AutoModelForImageClassification),
        ("timesformer", AutoModelForVideoClassification),
        ("videomae", VideoMAEForPreTraining),
    ],
)
def test_a_head_that_was_published_with_it_is_left_out(tmp_path, architecture, kind):
    more = {"decoder_hidden_size": 24, "decoder_num_attention_heads": 2, "decoder_num_hidden_layers": 1,
            "decoder_intermediate_size": 24} if architecture == "videomae" else {}  # fmt: skip
    theirs = write(tmp_path, architecture, kind, **more)
    frames = pictures(architecture)
    with torch.no_grad():
        found = opened(tmp_path).embed(frames)
        given = theirs.base_model(pixel_values=read_by_hand(frames)).last_hidden_state
    start = int(architecture in WITH_CLASS_TOKEN)
    expected = given.mean((2, 3)) if architecture == "convnext" else given[:, start:].mean(1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def edit(folder, change):
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path, {"format": "pt"})


@pytest.mark.parametrize("architecture", ["vit", "videomae", "vjepa2", "siglip_vision_model"])
def test_a_weight_that_is_missing_is_named(tmp_path, architecture):
    write(tmp_path, architecture)
    names = load_file(tmp_path / "model.safetensors")
    name = next(name for name in names if "layer" in name and name.endswith(".weight"))
    edit(tmp_path, lambda weights: weights.pop(name))
    with pytest.raises(DataError, match="weights that do not fit"):
        opened(tmp_path)


@pytest.mark.parametrize("architecture", ["vit", "vjepa2"])
def test_a_weight_that_nobody_knows_is_named(tmp_path, architecture):
    write(tmp_path, architecture)
    edit(tmp_path, lambda weights: weights.update({"encoder.extra.weight": torch.zeros(2)}))
    with pytest.raises(DataError, match=r"encoder\.extra\.weight"):
        opened(tmp_path)


@pytest.mark.parametrize("layers", [2, 4])
def test_a_predictor_of_another_depth_than_config_says(tmp_path, layers):
    """Its weights are not used, but a folder whose two files contradict each other is not trusted."""
    write(tmp_path, "vjepa2")
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "pred_num_hidden_layers": layers}))
    with pytest.raises(DataError, match="predictor"):
        opened(tmp_path)


def test_how_pixels_are_read_must_be_said(tmp_path):
    write(tmp_path, "vit")
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(DataError, match="nothing says how it reads pixels"):
        opened(tmp_path)
    by_hand = opened(tmp_path, pixels={"mean": READS["image_mean"], "std": READS["image_std"]})
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**READS, "rescale_factor": 1 / 127.5}))
    with pytest.raises(DataError, match="pixels times"):
        opened(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(READS))
    frames = pictures("vit")
    with torch.no_grad():
        assert torch.equal(by_hand.embed(frames), opened(tmp_path).embed(frames))


@pytest.mark.parametrize(
    ("architecture", "frames", "message"),
    [
        ("vit", torch.zeros(1, 4, 3, 32, 32), "clips for vit"),
        ("videomae", torch.zeros(1, 3, 32, 32), "single frames for videomae"),
        ("videomae", torch.zeros(1, 8, 3, 32, 32), "clips of 8 frames for videomae"),
        ("timesformer", torch.zeros(1, 3, 3, 32, 32), "clips of 3 frames for timesformer"),
        ("vit", torch.zeros(1, 3, 48, 48), "pictures of 48 x 48 for vit"),
    ],
)
def test_what_it_cannot_see_is_said(tmp_path, architecture, frames, message):
    write(tmp_path, architecture)
    with pytest.raises(ConfigError, match=message):
        opened(tmp_path).embed(frames.byte())


def test_longer_clips_of_a_network_that_learnt_no_times(tmp_path):
    write(tmp_path, "vjepa2")
    assert opened(tmp_path).embed(pictures("vjepa2", frames=8)).shape == (2, 24)


def test_what_there_is_no_pool_of(tmp_path):
    write(tmp_path / "a", "videomae")
    write(tmp_path / "b", "dinov2")
    with pytest.raises(ConfigError, match="videomae has no class token"):
        opened(tmp_path / "a", pool="class_token")
    with pytest.raises(ConfigError, match="has no pooler"):
        opened(tmp_path / "b", pool="pooler")


def test_a_language_model_is_no_picture_s(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ConfigError, match="bert sees neither pictures nor clips"):
        opened(tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {**READS, "image_std": [0.2, 0.2]},
        {**READS, "image_std": [0.2, 0.0, 0.2]},
        {**READS, "image_mean": "x"},
        [],
    ],
)
def test_a_file_that_does_not_say_how_pixels_are_read_is_one_error(tmp_path, said):
    write(tmp_path, "vit")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(said))
    with pytest.raises(DataError, match="preprocessor_config"):
        opened(tmp_path)


def test_what_is_left_out_is_said(tmp_path, capsys):
    write(tmp_path, "vit", AutoModelForImageClassification)
    opened(tmp_path)
    said = capsys.readouterr()
    assert "not used of its weights: classifier" in said.out + said.err


def test_maps_of_all_tokens_and_of_all_steps(tmp_path):
    theirs, frames = write(tmp_path, "videomae"), pictures("videomae")
    with torch.no_grad():
        tokens = theirs(pixel_values=read_by_hand(frames)).last_hidden_state
        found = opened(tmp_path, pool="tokens").embed(frames)
        steps = opened(tmp_path, pool="steps").embed(frames)
    torch.testing.assert_close(found, tokens, atol=1e-5, rtol=1e-4)
    by_hand = torch.stack((tokens[:, :16].mean(1), tokens[:, 16:].mean(1)), 1)
    torch.testing.assert_close(steps, by_hand, atol=1e-5, rtol=1e-4)


def test_what_the_predictor_imagines_follows_the_clip(tmp_path):
    """Against the library, which is asked for the patches of the next and the third step by their places."""
    theirs, clips = write(tmp_path, "vjepa2"), pictures("vjepa2")
    step, seen = 16, 2 * 16
    wanted = torch.cat([torch.arange(seen, seen + step), torch.arange(seen + 2 * step, seen + 3 * step)])
    with torch.no_grad():
        found = opened(tmp_path, pool="tokens", imagine=(1, 3)).embed(clips)
        tokens = theirs(pixel_values_videos=read_by_hand(clips), skip_predictor=True).last_hidden_state
        masks = {"context_mask": [torch.arange(seen).repeat(2, 1)], "target_mask": [wanted.repeat(2, 1)]}
        imagined = theirs.predictor(encoder_hidden_states=tokens, **masks).last_hidden_state
    assert found.shape == (2, 4 * step, 24)
    torch.testing.assert_close(found[:, :seen], tokens, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found[:, seen:], imagined, atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        steps = opened(tmp_path, pool="steps", imagine=(1, 3)).embed(clips)
    expected = torch.cat((tokens, imagined), 1).unflatten(1, (4, step)).mean(2)
    torch.testing.assert_close(steps, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("architecture", "settings", "words"),
    [
        ("videomae", {"pool": "tokens", "imagine": (1,)}, "videomae has no predictor"),
        ("vjepa2", {"imagine": (1,)}, "needs pool: tokens or steps"),
        ("vit", {"pool": "steps"}, "patches of vit do not come step by step"),
        ("vjepa2", {"pool": "tokens", "classify": ("action",)}, "gives a backbone's maps"),
    ],
)
def test_what_cannot_be_imagined(tmp_path, architecture, settings, words):
    write(tmp_path, architecture)
    with pytest.raises((ConfigError, ValueError), match=words):
        opened(tmp_path, **settings)


def test_a_clip_of_half_a_step_is_refused(tmp_path):
    write(tmp_path, "vjepa2")
    with pytest.raises(ConfigError, match="a multiple of 2 frames"):
        opened(tmp_path, pool="tokens", imagine=(1,)).embed(pictures("vjepa2")[:, :3])
