"""Published weights in and out: how others name and store the parameters of our networks.

A layout renames our parameters, one by one, to the published names; the same table reads and writes. Reading
is strict: every parameter must be there in its shape, and nothing may be left over but what the layout knows
to hold no parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from foretaste.contracts.errors import DataError
from foretaste.models import weight_files
from foretaste.models.pixels import Normalise
from foretaste.models.weight_files import few
from foretaste.pipeline import console

#: What torch puts before every name of a network that it has wrapped (DataParallel, compile).
_WRAPPED = r"^(module\.|_orig_mod\.)+"

#: Matches no name.
NONE = r"(?!)"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A published naming.

    renames
        (regular expression, replacement) pairs; each is applied to our name in turn, so order matters.
    transposed
        Our names whose matrices are stored (in, out) instead of (out, in).
    ignored
        Published names that hold no parameter of ours: constant masks and tables, parts that nothing uses.
    head
        The published name of the classifier, which ``{}`` makes a name for each head. Without ``{}`` it is
        that of our only head; several heads keep our names, for which the published code has no place. None:
        it has our names.
    buffers
        Our buffers that are published beside the parameters, and are read: running statistics.
    constant
        Our buffers that are published and follow from the settings: what is read must be equal.
    optional
        Our names that older files lack; what they stand for is then left as it is.
    copies
        (regular expression, replacement) on published names: what the published code holds a second time,
        under the replaced name.
    entry
        The part of a published checkpoint that holds the parameters.
    """

    renames: tuple[tuple[str, str], ...] = ()
    transposed: str = NONE
    ignored: str = NONE
    head: str | None = None
    buffers: str = NONE
    constant: str = NONE
    optional: str = NONE
    copies: tuple[tuple[str, str], ...] = ()
    entry: str | None = None

    def published(self, name: str) -> str:
        """The published name of our parameter ``name``, but for those of heads."""
        for pattern, replacement in self.renames:
            name = re.sub(pattern, replacement, name)
        return name

    def turn(self, name: str, tensor: Tensor) -> Tensor:
        """``tensor`` of our parameter ``name``, from our storage order to the published one or back."""
        return tensor.T if re.search(self.transposed, name) else tensor

    def leaves_out(self, published: str) -> bool:
        """Whether a network that starts from such a file does without what it calls so: what holds no
        parameter, and the classifier of other classes.
        """
        head = NONE if self.head is None else "^" + re.escape(self.head).replace(r"\{\}", r"\w+") + r"\."
        return bool(re.search(self.ignored, published) or re.search(head, published))


#: timm 0.4-1.0 ``vit_*``: our names are its names.
VIT = Layout(head="head")

#: facebookresearch/AVT: GPT-2 of Hugging Face inside (Conv1D weights are (in, out)); ``backbone.model`` is
#: timm's ViT.
AVT = Layout(
    renames=(
        (r"^(encoder|decoder)\.", r"future_predictor.\1."),
        (r"^backbone\.", "backbone.model."),
        (r"^transformer\.position$", "future_predictor.gpt_model.wpe.weight"),
        (r"^transformer\.norm\.", "future_predictor.gpt_model.ln_f."),
        (r"^transformer\.blocks\.(\d+)\.", r"future_predictor.gpt_model.h.\1."),
        (r"(gpt_model\.h\.\d+)\.norm(\d)\.", r"\1.ln_\2."),
        (r"(gpt_model\.h\.\d+)\.attention\.query_key_value\.", r"\1.attn.c_attn."),
        (r"(gpt_model\.h\.\d+)\.attention\.output\.", r"\1.attn.c_proj."),
        (r"(gpt_model\.h\.\d+)\.mlp\.0\.", r"\1.mlp.c_fc."),
        (r"(gpt_model\.h\.\d+)\.mlp\.2\.", r"\1.mlp.c_proj."),
    ),
    transposed=r"^transformer\.blocks\.\d+\.(attention\.(query_key_value|output)|mlp\.[02])\.weight$",
    ignored=r"attn\.(bias|masked_bias)$|^cls_map_|^backbone\.model\.head\.",
)


def export(model: nn.Module, layout: Layout) -> dict[str, Tensor]:
    """The parameters of ``model`` under their published names, in published order and storage."""
    found = {
        published: layout.turn(name, tensor.detach()).contiguous()
        for name, (published, tensor) in _named(model, layout).items()
    }
    for pattern, replacement in layout.copies:
        found |= {
            re.sub(pattern, replacement, name): tensor.clone()
            for name, tensor in found.items()
            if re.search(pattern, name)
        }
    return found


def write(model: nn.Module, layout: Layout, path: Path) -> None:
    """``export`` as a safetensors file, which also says how the network reads pixels."""
    reader = _reader(model)
    weight_files.save(path, export(model, layout), None if reader is None else reader.said)


def install(model: nn.Module, state: Mapping[str, Tensor], layout: Layout, where: object) -> None:
    """Copy published parameters into ``model``.

    Raises DataError, naming ``where`` and the first few parameters, if one is missing, unknown or of another
    shape, or a table that follows from the settings is another.
    """
    ours = _named(model, layout)
    missing, extra = _differences(ours, state, layout)
    if missing or extra:
        raise DataError(
            f"weights of another network: missing {few(missing)}, not known {few(extra)}",
            where,
            f"{len(ours)} parameters",
            "use the preset that these weights were trained with",
        )
    found = {
        name: layout.turn(name, state[published])
        for name, (published, _) in ours.items()
        if published in state
    }
    for name, read in found.items():
        published, tensor = ours[name]
        constant = re.search(layout.constant, name)
        if read.shape != tensor.shape or (constant and not torch.equal(read, tensor)):
            other = f"has shape {tuple(read.shape)}" if read.shape != tensor.shape else "is another table"
            raise DataError(
                f"{published} {other}",
                where,
                f"{tuple(tensor.shape)}",
                "use the preset that these weights were trained with",
            )
    with torch.no_grad():
        for name, read in found.items():
            ours[name][1].copy_(read)


def start_from(model: nn.Module, path: Path, layouts: Sequence[Layout]) -> None:
    """Give ``model`` the published weights of ``path``, in whichever of ``layouts`` they are. The classifier
    of their classes is left out, with what holds no parameter, and that is said; the heads of ``model`` stay
    as they are.

    Raises DataError where anything else is missing, unknown or of another shape, and where the file says that
    it reads pixels in another way than ``model``.
    """
    entries = [layout.entry for layout in layouts if layout.entry is not None]
    found = weight_files.read(path, entries)
    state = {re.sub(_WRAPPED, "", name): tensor for name, tensor in found.items()}
    _check_pixels(model, path)

    def strangers(layout: Layout) -> int:
        missing, extra = _differences(_named(model, layout), state, layout)
        return len(missing) + len(extra)

    layout = min(layouts, key=strangers)
    left_out = [name for name in state if layout.leaves_out(name)]
    console.say(f"weights of {path.name}; left out: {few(left_out) if left_out else 'nothing'}")
    own = {
        published: layout.turn(name, tensor)
        for name, (published, tensor) in _named(model, layout).items()
        if name.startswith("classifiers.")
    }
    kept = {name: tensor for name, tensor in state.items() if name not in left_out}
    install(model, {**kept, **own}, layout, path)


def _named(model: nn.Module, layout: Layout) -> dict[str, tuple[str, Tensor]]:
    """our name -> the published one and the tensor, of all that is published of ``model``."""
    buffers = f"{layout.buffers}|{layout.constant}"
    tensors = dict(model.named_parameters())
    tensors |= {name: tensor for name, tensor in model.named_buffers() if re.search(buffers, name)}
    heads = {name.split(".")[1] for name in tensors if name.startswith("classifiers.")}
    found = {}
    for name, tensor in tensors.items():
        published = layout.published(name)
        if layout.head is not None and name.startswith("classifiers."):
            _, head, rest = name.split(".", 2)
            placed = "{}" in layout.head or len(heads) == 1
            published = f"{layout.head.format(head.upper())}.{rest}" if placed else name
        found[name] = (published, tensor)
    return found


def _differences(
    ours: Mapping[str, tuple[str, Tensor]], state: Mapping[str, Tensor], layout: Layout
) -> tuple[list[str], list[str]]:
    """Published names that ``state`` lacks, and those of it that are not known."""
    may_lack = f"{layout.optional}|{layout.constant}"
    missing = [
        published
        for name, (published, _) in ours.items()
        if published not in state and not re.search(may_lack, name)
    ]
    known = {published for published, _ in ours.values()}
    extra = [name for name in state if name not in known and not re.search(layout.ignored, name)]
    return missing, extra


def _reader(model: nn.Module) -> Normalise | None:
    return next((module for module in model.modules() if isinstance(module, Normalise)), None)


def _check_pixels(model: nn.Module, path: Path) -> None:
    said, reader = weight_files.read_pixels(path), _reader(model)
    if said is not None and reader is not None and said != reader.said:
        raise DataError(
            f"weights that read pixels as {said}",
            path,
            f"the network's pixels, {reader.said}",
            "set pixels of the network to what the weights say",
        )
