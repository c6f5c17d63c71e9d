"""The settings that decide a number, in words: a protocol of metrics.json or summary.json as people read
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Which samples a term counts, where it is not the usual.
OVER = {"labelled": "", "unlabelled": " over unlabelled samples", "all": " over all samples, labelled or not"}


def setting_line(protocol: Mapping[str, Any]) -> str:
    """The settings that decide an arm's numbers, in one line; those that do not apply are left out."""
    parts = ["shown the action itself"] if protocol.get("window") == "target" else []
    if protocol.get("labelled_share") is not None:
        parts.append(f"{100 * protocol['labelled_share']:g} % of the training labels")
    if protocol.get("history_rule") is not None:
        lengths, sources = (
            value if isinstance(value, list) else [value]
            for value in (protocol["history_length"], protocol["history_from"])
        )
        source = " or ".join({"all_splits": "all splits", "own_split": "own split"}[one] for one in sources)
        length = " or ".join("all" if one is None else f"last {one}" for one in lengths)
        parts.append(f"history {protocol['history_rule']}, {source}, {length}")
    parts += _test_views(protocol.get("test_views"))
    parts += _distilled([term for term in _terms(protocol) if term["to"] not in ("labels", "features")])
    if protocol.get("ensemble_seeds"):
        parts.append(f"seeds {', '.join(map(str, protocol['ensemble_seeds']))} together")
    if protocol.get("ensemble_weights") not in (None, "equal"):
        weights = protocol["ensemble_weights"]
        one_a_run = weights if isinstance(weights, list) else [weights]
        parts.append(f"weights {', '.join(map(_shares, one_a_run))}")
    if protocol.get("prior_exponent"):
        exponent = protocol["prior_exponent"]
        parts.append(
            f"prior exponent {', '.join(map(str, exponent)) if isinstance(exponent, list) else exponent}"
        )
    if protocol.get("fitted_on"):
        parts.append(f"fitted on {protocol['fitted_on']}")
    return " · ".join(parts)


def _distilled(terms: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is learnt from other models; heads that learn from one alike stand together."""
    if len(terms) == 1:
        return [_distillation(terms[0])]
    weights = {term.get("weight") for term in terms}
    alike: dict[str, list[Mapping[str, Any]]] = {}
    for term in terms:
        rest = sorted((name, repr(value)) for name, value in term.items() if name != "of")
        alike.setdefault(str(rest), []).append(term)
    lines = []
    for first, *others in alike.values():
        heads = ", ".join(term["of"] for term in (first, *others))
        weight = f", weight {first['weight']:g}" if len(weights) > 1 else ""
        lines.append(f"{heads} to {first['to']}: {_distillation(first)}{weight}")
    return lines


def _test_views(views: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None) -> list[str]:
    """The several views that samples were scored in."""
    if views is None:
        return []
    if not isinstance(views, Mapping):
        return ["parts scored in different views"]
    said = [f"{views[name]} {name}" for name in ("clips", "crops") if views[name] > 1]
    said += ["mirrored too"] if views["flipped"] else []
    return [f"mean {views['space']} of {', '.join(said)}"]


def _shares(weights: str | Mapping[str, Any]) -> str:
    """How much of an average each model is; by head where the heads differ."""
    if isinstance(weights, str):
        return weights
    return " + ".join(f"{_share(share)} {name}" for name, share in weights.items())


def _share(share: float | Mapping[str, float]) -> str:
    if isinstance(share, Mapping):
        return "/".join(f"{round(own, 3):g} of {head}" for head, own in share.items())
    return f"{round(share, 3):g}"


def terms_text(protocol: Mapping[str, Any]) -> str | None:
    """Every term of the objective with the settings that it has; None for a model without terms."""
    worded = []
    for term in _terms(protocol):
        settings = (
            f"{name} {value}"
            for name, value in term.items()
            if name not in ("of", "to", "loss", "weight") and value is not None
        )
        worded.append(f"{term['weight']:g} {term['loss']}({term['of']}, {term['to']}): {', '.join(settings)}")
    return "; ".join(worded) or None


def _distillation(term: Mapping[str, Any]) -> str:
    through = f", through {term['through']}" if term.get("through") else ""
    through += ", live" if term.get("live") else ""
    over = OVER[term.get("over", "labelled")]
    if term["temperature"] is None:
        return f"{term['loss']}{through}, {term['reduction']} mean{over}"
    listed = "all classes" if term["top_k"] is None else f"top {term['top_k']}"
    squared = ", T² restored" if term["t_squared"] else ""
    return f"T {term['temperature']:g}{squared}, {listed}{through}, {term['reduction']} mean{over}"


def _terms(protocol: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The terms of the objective. Summaries of format 1 have instead the settings of one, the last that
    mentions a model.
    """
    if "terms" in protocol or protocol.get("temperature") is None:
        return protocol.get("terms") or ()
    return (
        {
            "to": "a model",
            **{name: protocol[name] for name in ("temperature", "top_k", "reduction", "t_squared")},
        },
    )
