"""Fill the masks of a text with a language model and print its five best words for each.

    foretaste fill "clean the board, take out pan, [MASK] the fish" \\
        --lm results/lm/kitchen/minilm_recipes_kitchen/checkpoint

A language model is a folder that pretrain or fetch_weights wrote (results/weights/minilm), or any Hugging
Face folder. A model without a masked-word head of its own answers with a random one, and says so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from foretaste.contracts.errors import ConfigError
from foretaste.models.language_model import load_language_model
from foretaste.pipeline import console
from foretaste.text.tokenizer import LONGEST, Tokenizer, positions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("text", metavar="TEXT", help="a text with one or more [MASK]")
    parser.add_argument(
        "--lm", required=True, type=Path, metavar="DIR", help="the folder of the language model"
    )


def run(arguments: argparse.Namespace) -> None:
    """One line a mask: the five words and their probabilities."""
    torch.manual_seed(0)
    lm, tokenizer = load_language_model(arguments.lm).eval(), Tokenizer(arguments.lm)
    if lm.loading.newly_initialised:
        console.say(f"note: {arguments.lm} has no trained masked-word head; these words are random")
    ids = torch.from_numpy(tokenizer.ids(arguments.text.replace("[MASK]", tokenizer.mask_token)))[None]
    if ids.shape[1] > (most := positions(arguments.lm) or LONGEST):
        raise ConfigError(
            f"{ids.shape[1]} tokens", "TEXT", f"at most {most}, what {arguments.lm} reads", "shorten it"
        )
    at = (ids[0] == tokenizer.mask).nonzero()[:, 0]
    if not len(at):
        raise ConfigError(
            "no [MASK]",
            "TEXT",
            'a text such as "take pan, [MASK] fish"',
            "write [MASK] where a word is missing",
        )
    with torch.inference_mode():
        best = lm.logits(lm.encode(ids, torch.ones_like(ids, dtype=torch.bool))[0, at]).softmax(-1).topk(5)
    for probabilities, words in zip(best.values.tolist(), best.indices.tolist()):
        print(
            "  ".join(
                f"{tokenizer.token(word)} {probability:.3f}"
                for word, probability in zip(words, probabilities)
            )
        )
