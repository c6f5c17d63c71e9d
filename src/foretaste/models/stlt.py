"""STLT: a transformer over boxes. The boxes of a frame attend to each other and become one vector, and then
the frames do, each to those before it.

Radevski, Moens & Tuytelaars 2021, "Revisiting spatio-temporal layouts for compositional action recognition"
(arXiv:2111.01936), section 3, and as their later work has it (Radevski et al. 2023, "Multimodal Distillation
for Egocentric Action Recognition", arXiv:2307.07483). Parameter names and layouts are those of the public
code of each. The two differ in more than size:

                        bmvc2021                                iccv2023
    a frame's vector    a box of its own, the whole picture     a learnt vector
    a clip's vector     a last frame without boxes, "extract"   a learnt vector, after the last frame
    a frame knows       its position, and whether it is empty   its position
    a box knows         its score, where the view gives one     score, side and state of the hand
    eps of the norms    1e-12                                   0.1, which looks like a slip, but its weights
    of the embeddings                                           need it

Inputs are those of the view ``boxes``, which gives ``scores`` (B, T, O) if it is asked to, of iccv2023 also
``sides`` and ``states`` (B, T, O) int64, which no view gives; without them a box is certain, and nothing is
known of a hand.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from foretaste.contracts.batch import Batch, Outputs
from foretaste.contracts.errors import ConfigError, unknown
from foretaste.contracts.tables import box_labels
from foretaste.contracts.view import Sources
from foretaste.models import weights
from foretaste.settings.options import Options

#: What it gives, as terms call it.
GIVES = ("<heads>", "embedding")

#: Kinds of frames, as bmvc2021 numbers them; 1 stands for a first frame that its code never makes.
PADDING, REGULAR, EMPTY, EXTRACT = 0, 2, 3, 4

#: Sides and states of a hand, with 0 for unknown.
SIDES, STATES = 3, 6

_FRAMES, _BOXES = "backbone.frames_embeddings.", "layout_embedding.category_box_embeddings."
BMVC2021 = weights.Layout(
    renames=(
        (r"^boxes\.(category|score)\.", rf"{_FRAMES}{_BOXES}\1_embeddings."),
        (r"^boxes\.box\.", f"{_FRAMES}{_BOXES}box_embedding."),
        (r"^boxes\.norm\.", f"{_FRAMES}{_BOXES}layer_norm."),
        (r"^spatial\.", f"{_FRAMES}layout_embedding.transformer."),
        (r"^positions\.", f"{_FRAMES}position_embeddings."),
        (r"^types\.", f"{_FRAMES}frame_type_embedding."),
        (r"^norm\.", f"{_FRAMES}layer_norm."),
        (r"^numbers$", f"{_FRAMES}position_ids"),
        (r"^temporal\.", "backbone.transformer."),
    ),
    head="prediction_head",
    constant=r"^numbers$",
    # Its code keeps the layer that the others were copied from.
    copies=((r"layout_embedding\.transformer\.layers\.0\.", "layout_embedding.encoder_layer."),),
    ignored=r"\.encoder_layer\.",
)
ICCV2023 = weights.Layout(
    renames=(
        (r"^boxes\.(category)\.", rf"temporal_transformer.{_BOXES}\1_embeddings."),
        (r"^boxes\.(box|score|side|state)\.", rf"temporal_transformer.{_BOXES}\1_embedding."),
        (r"^boxes\.norm\.", f"temporal_transformer.{_BOXES}layer_norm."),
        (r"^spatial\.", "temporal_transformer.layout_embedding.transformer."),
        (r"^frame_token$", "temporal_transformer.layout_embedding.cls_token"),
        (r"^positions\.", "temporal_transformer.position_embeddings."),
        (r"^norm\.", "temporal_transformer.layer_norm."),
        (r"^clip_token$", "temporal_transformer.cls_token"),
        (r"^temporal\.", "temporal_transformer.transformer."),
    ),
    head="classifiers.{}",
)


class Config(Options):
    """The defaults are those of bmvc2021; iccv2023 has 8 heads and twice 6 layers."""

    variant: Literal["bmvc2021", "iccv2023"]
    """Whose network: of the paper of 2021, or of that of 2023."""
    width: PositiveInt = 768
    """Values of the vector of a box."""
    heads: PositiveInt = 12
    """Attention heads; they divide the width."""
    spatial_layers: PositiveInt = 4
    """Among the boxes of a frame."""
    temporal_layers: PositiveInt = 8
    """Among frames."""
    positions: PositiveInt = 256
    """Rows of the table of positions in time: `iccv2023` has one a frame (published: 16), and sees clips of
    this length alone; `bmvc2021` sees any that are shorter.
    """
    labels: tuple[str, ...] = ()
    """What boxes are called, in the order that the network numbers them; none: all labels of the table of
    boxes, sorted. Published: [hand, object] (`bmvc2021`), [object, hand] (`iccv2023`).
    """
    dropout: float = Field(0.1, ge=0, lt=1)
    """After both embeddings, and within the transformers."""
    classify: tuple[str, ...] = ()
    """Heads; none: all of the dataset's."""
    weights: str | None = None
    """File to start from, of the variant's public code, relative to data_root; null: random weights."""

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Config:
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.width}")
        return self


class BoxEmbedding(nn.Module):
    """One vector a box: what it is, where, how sure, and of a hand its side and state."""

    def __init__(self, config: Config, categories: int, eps: float):
        super().__init__()
        self.category = nn.Embedding(categories, config.width, padding_idx=0)
        self.box = nn.Linear(4, config.width)
        self.score = nn.Linear(1, config.width)
        self.hands = config.variant == "iccv2023"
        if self.hands:
            self.side = nn.Embedding(SIDES, config.width, padding_idx=0)
            self.state = nn.Embedding(STATES, config.width, padding_idx=0)
        self.norm = nn.LayerNorm(config.width, eps=eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, categories: Tensor, boxes: Tensor, extras: dict[str, Tensor]) -> Tensor:
        """(...), (..., 4), and ``scores``, ``sides``, ``states`` (...) -> (..., D)."""
        x = self.category(categories) + self.box(boxes)
        if "scores" in extras:
            x = x + self.score(extras["scores"][..., None])
        if self.hands:
            x = x + self.side(extras["sides"]) + self.state(extras["states"])
        return self.dropout(self.norm(x))


class Encoder(nn.Module):
    """Transformer layers that norm what they give (not what they take)."""

    def __init__(self, config: Config, layers: int):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                config.width,
                config.heads,
                4 * config.width,
                dropout=config.dropout,
                activation="gelu",
                batch_first=True,
            )
            for _ in range(layers)
        )

    def forward(self, x: Tensor, ahead: Tensor | None, absent: Tensor | None) -> Tensor:
        """(B, N, D); nothing attends where ``ahead`` (N, N) or ``absent`` (B, N) says True."""
        for layer in self.layers:
            x = layer(x, src_mask=ahead, src_key_padding_mask=absent)
        return x


class Classifier(nn.Module):
    """Linear, gelu, layer norm, linear: that of bmvc2021."""

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.layer_norm = nn.LayerNorm(width, eps=1e-12)
        self.fc2 = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.layer_norm(F.gelu(self.fc1(x))))


class Stlt(nn.Module):
    """``rows``: for each class of the view ``boxes``, 0 (no box) first, the row of the table of
    categories.
    """

    def __init__(self, config: Config, rows: list[int], categories: int, classes: dict[str, int]):
        super().__init__()
        self.config, self.early = config, config.variant == "bmvc2021"
        eps = 1e-12 if self.early else 0.1
        self.whole = categories + 1
        self.boxes = BoxEmbedding(config, categories + (2 if self.early else 1), eps)
        self.spatial = Encoder(config, config.spatial_layers)
        self.positions = nn.Embedding(config.positions, config.width)
        if self.early:
            self.types = nn.Embedding(EXTRACT + 1, config.width, padding_idx=0)
        else:
            self.frame_token = nn.Parameter(torch.zeros(1, 1, config.width))
            self.clip_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.norm = nn.LayerNorm(config.width, eps=eps)
        self.dropout = nn.Dropout(config.dropout)
        self.temporal = Encoder(config, config.temporal_layers)
        kind = Classifier if self.early else nn.Linear
        self.classifiers = nn.ModuleDict({head: kind(config.width, count) for head, count in classes.items()})
        self.register_buffer("numbers", torch.arange(config.positions)[None], persistent=False)
        self.register_buffer("rows", torch.tensor(rows), persistent=False)

    def frame_vectors(self, categories: Tensor, boxes: Tensor, extras: dict[str, Tensor]) -> Tensor:
        """Categories (B, T, O), 0 where there is no box, boxes (B, T, O, 4) and extras (B, T, O) -> (B, T,
        D): of bmvc2021 what the first box of each frame has seen, of iccv2023 what the learnt vector has.
        """
        x = self.boxes(categories, boxes, extras).flatten(0, 1)
        absent = (categories == 0).flatten(0, 1)
        if not self.early:
            x = torch.cat((self.frame_token.expand(len(x), -1, -1), x), 1)
            absent = F.pad(absent, (1, 0))
        return self.spatial(x, None, absent)[:, 0].unflatten(0, categories.shape[:2])

    def clip_vectors(self, frames: Tensor, types: Tensor | None) -> Tensor:
        """Vectors (B, T, D), and of bmvc2021 their types (B, T) -> (B, T, D), of iccv2023 (B, T + 1, D): what
        each frame has seen of those up to it.
        """
        x = frames + self.positions(self.numbers[:, : frames.shape[1]])
        x = self.dropout(self.norm(x if types is None else x + self.types(types)))
        if types is None:
            x = torch.cat((x, self.clip_token.expand(len(x), -1, -1)), 1)
        ahead = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        return self.temporal(x, ahead, None if types is None else types == PADDING)

    def forward(self, batch: Batch) -> Outputs:
        """``boxes`` (B, T, O, 4) and ``classes`` (B, T, O), both as the view ``boxes`` gives them, ->
        ``logits`` of every head and ``embedding`` (B, D).
        """
        boxes, categories = batch.inputs["boxes"], self.rows[batch.inputs["classes"]]
        self._check(categories)
        extras = {name: batch.inputs[name] for name in ("scores", "sides", "states") if name in batch.inputs}
        types = None
        if self.early:
            types = torch.where((categories > 0).any(2), REGULAR, EMPTY)
            types = F.pad(types, (0, 1), value=EXTRACT)
            categories, boxes, extras = self._with_the_picture(categories, boxes, extras)
        else:
            unknown_hand = torch.zeros_like(categories)
            certain = boxes.new_ones(categories.shape)
            extras = {"scores": certain, "sides": unknown_hand, "states": unknown_hand, **extras}
        embedding = self.clip_vectors(self.frame_vectors(categories, boxes, extras), types)[:, -1]
        logits = {head: classifier(embedding) for head, classifier in self.classifiers.items()}
        return Outputs(logits=logits, embedding=embedding)

    def _with_the_picture(
        self, categories: Tensor, boxes: Tensor, extras: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Before the boxes of each frame one of the whole picture, and after the last frame one with nothing
        else.
        """
        categories = F.pad(F.pad(categories, (0, 0, 0, 1)), (1, 0), value=self.whole)
        picture = boxes.new_tensor([0.0, 0.0, 1.0, 1.0]).expand(len(boxes), boxes.shape[1] + 1, 1, 4)
        boxes = torch.cat((picture, F.pad(boxes, (0, 0, 0, 0, 0, 1))), 2)
        extras = {name: F.pad(F.pad(one, (0, 0, 0, 1)), (1, 0), value=1) for name, one in extras.items()}
        return categories, boxes, extras

    def _check(self, categories: Tensor) -> None:
        frames, most = categories.shape[1], self.config.positions
        if frames != most if not self.early else frames >= most:
            raise ConfigError(
                f"{frames} frames of boxes",
                "view and network of the preset",
                f"at most {most - 1}" if self.early else f"{most}, one a position",
                "correct positions of the network, or frames of the view",
            )


def _numbered(config: Config, sources: Sources) -> tuple[list[int], int]:
    """For each class of the view ``boxes`` the row of the table of categories; and how many categories."""
    found = box_labels(sources.need("boxes", "stlt"))
    labels = config.labels or tuple(found)
    for label in found:
        if label not in labels:
            raise unknown("label of a box", label, labels, "network.labels")
    return [0, *(labels.index(label) + 1 for label in found)], len(labels)


def build(config: Config, sources: Sources) -> Stlt:
    """The network for the classes and the boxes of ``sources``, from the weights of ``sources`` if it names
    some.
    """
    space = sources.need("classes", "stlt")
    rows, categories = _numbered(config, sources)
    model = Stlt(config, rows, categories, space.sizes(config.classify or space.heads))
    if config.weights is not None:
        layout = BMVC2021 if model.early else ICCV2023
        weights.start_from(model, sources.need("weights", "stlt with weights"), [layout])
    return model
