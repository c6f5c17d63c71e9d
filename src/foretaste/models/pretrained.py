"""A network of transformers out of a folder. Code that lies in the folder is never run; what is wrong with
its files is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, PretrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES,
)
from transformers.utils import logging

from foretaste.contracts.errors import ConfigError, DataError, unknown
from foretaste.contracts.foreign_files import UNREADABLE, check_is_itself, first_line

#: Architectures of masked language models whose three parts are known here (``models.language_model``).
MASKED = ("albert", "bert", "distilbert", "electra", "roberta")

#: Of models of pictures and text, the class of the half that sees pictures.
TOWERS = {"clip": "CLIPVisionModel", "siglip": "SiglipVisionModel"}

#: Those halves where they are published alone.
TOWERS_ALONE = ("clip_vision_model", "siglip_vision_model")

#: How a network attends: ``eager`` writes the products out, ``sdpa`` is torch's fused attention.
Attention = Literal["eager", "sdpa"]

#: The names that architectures give their dropout rates.
_DROPOUTS = (
    "attention_dropout", "attention_probs_dropout_prob", "attn_pdrop", "dropout", "embd_pdrop",
    "embedding_dropout", "hidden_dropout",
    "hidden_dropout_prob", "resid_pdrop",
)  # fmt: skip


def read_config(folder: Path, dropout: float | None = None) -> PretrainedConfig:
    """The configuration of a folder; ``dropout`` replaces all its rates. DataError for a file that says no
    architecture.
    """
    if not (folder / "config.json").is_file():
        raise DataError(
            "missing config.json", folder, "a Hugging Face folder", "correct the path, or run fetch_weights"
        )
    check_is_itself(folder / "config.json")
    with _explained(folder / "config.json", "the config.json of an architecture that transformers has"):
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if dropout is not None:
        rates = [name for name in _DROPOUTS if hasattr(config, name)]
        if not rates:
            raise ConfigError(
                "no dropout to set",
                folder / "config.json",
                f"one of {', '.join(_DROPOUTS)}",
                "leave dropout out",
            )
        for name in rates:
            setattr(config, name, dropout)
    return config


def sees(config: PretrainedConfig) -> bool:
    """Whether an architecture sees pictures or clips."""
    return config.model_type in (
        *MODEL_FOR_IMAGE_MAPPING_NAMES, *MODEL_FOR_VIDEO_CLASSIFICATION_MAPPING_NAMES, *TOWERS, *TOWERS_ALONE
    )  # fmt: skip


def kind_of(config: PretrainedConfig, folder: Path) -> Literal["masked", "causal"]:
    """Which of the two kinds of language models that are used here an architecture is; ConfigError for any
    other.
    """
    name = config.model_type
    if (
        name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and name not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
        and not config.is_encoder_decoder
    ):
        return "causal"
    if name in MASKED:
        return "masked"
    raise unknown("architecture", name, (*MASKED, "gpt2 or another decoder"), folder / "config.json")


def check_opens(folder: Path) -> PretrainedConfig:
    """Open a folder as whoever starts from it will, and let go of it: ConfigError or DataError where that
    would fail.
    """
    config = read_config(folder)
    if kind_of(config, folder) == "causal":
        _, found = load_network(AutoModel, folder, config)
        lacking = found["missing_keys"]
    else:
        network, found = load_network(AutoModelForMaskedLM, folder, config)
        lacking = [name for name in found["missing_keys"] if name.startswith(f"{network.base_model_prefix}.")]
    check_fits(sorted(lacking), found, folder)
    return config


def load_network(
    kind: type, folder: Path, config: PretrainedConfig, attention: Attention | None = "eager"
) -> tuple[PreTrainedModel, dict[str, Any]]:
    """The network of a folder as ``kind``, a class of transformers, in float32; and what loading left open:
    ``missing_keys``, ``unexpected_keys``, ``mismatched_keys``. ``attention``: None is the library's choice.
    """
    with _quietly(), _explained(folder, "model.safetensors, the weights that config.json describes"):
        return kind.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            # Eager unless asked: the fused attention of CPUs spends 60 % of a bf16 step in its backward pass,
            # and texts of 10 to 60 tokens do not need it.
            attn_implementation=attention,
        )


def check_fits(lacking: list[str], found: dict[str, Any], folder: Path) -> None:
    """DataError where weights are ``lacking``, or of another shape."""
    if wrong := [*lacking, *(str(key) for key in found["mismatched_keys"])]:
        raise DataError(
            f"weights that do not fit: {', '.join(wrong[:3])}",
            folder,
            "every weight that config.json describes",
            "use a folder whose config.json and weights belong together",
        )


@contextmanager
def _explained(where: Path, expected: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise DataError(
            f"not readable ({first_line(error)})", where, expected, "use another folder, or fetch it again"
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the library's own load report and progress bar: what it left open is returned, and kept."""
    before, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bar:
            logging.enable_progress_bar()


def save_network(hf: PreTrainedModel, folder: Path) -> None:
    """Write config.json and model.safetensors."""
    with _quietly():
        hf.save_pretrained(folder)
