"""The description of a score cache for programs: Croissant 1.0 (MLCommons), which is JSON-LD over
schema.org (docs.mlcommons.org/croissant/docs/croissant-spec.html).

It says nothing that is not known when scores are made: `datePublished`, which the format asks for, is for
whoever publishes the folder to add; the creator is only known to be somebody who ran this program.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"

#: Which of the properties that every Croissant dataset has are left to whoever publishes it.
LEFT_OUT = ("datePublished",)

_TERMS = (
    "column", "extract", "field", "fileObject", "fileProperty", "fileSet", "includes", "jsonPath", "key",
    "recordSet", "references", "repeated", "source",
)  # fmt: skip

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{term: f"cr:{term}" for term in _TERMS},
}

_TENSORS = "application/octet-stream"  # safetensors has no registered media type


def render(manifest: Mapping[str, Any]) -> str:
    """croissant.json of the cache, from a manifest without ``identity`` and ``datasheets``."""
    data = manifest["facts"].get("data") or {}
    licence, terms = (data.get(name) or "not stated" for name in ("licence", "terms"))
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": f"scores_of_{manifest['model']}" if manifest["model"] else "scores",
        "description": _description(manifest),
        "license": {"@type": "sc:CreativeWork", "name": licence},
        "usageInfo": {"@type": "sc:CreativeWork", "name": terms},
        "url": "./",
        "creator": {"@type": "sc:Organization", "name": "not stated (whoever ran foretaste)"},
        "distribution": [
            _classes(manifest),
            *map(_shard, manifest["shards"]),
            *map(_set, manifest["splits"]),
        ],
        "recordSet": [
            *(_names(head) for head in manifest["heads"]),
            *(_split(name, manifest) for name in manifest["splits"]),
        ],
    }
    return json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _description(manifest: Mapping[str, Any]) -> str:
    heads = ", ".join(f"{head} ({count} classes)" for head, count in manifest["heads"].items())
    splits = ", ".join(
        f"{name} ({split['samples']} samples, {split['scored']})"
        for name, split in manifest["splits"].items()
    )
    return f"What a model says of every sample: logits of {heads}; splits {splits}."


def _classes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": "classes.json",
        "name": "classes.json",
        "contentUrl": "classes.json",
        "encodingFormat": "application/json",
        "sha256": manifest["record"]["classes"],
    }


def _shard(shard: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": shard["file"],
        "name": shard["file"],
        "contentUrl": shard["file"],
        "contentSize": f"{shard['bytes']} B",
        "encodingFormat": _TENSORS,
        "sha256": shard["sha256"],
    }


def _set(split: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"shards of {split}",
        "name": f"shards of {split}",
        "description": "safetensors; the names of tensors are in docs/formats.md of foretaste",
        "encodingFormat": _TENSORS,
        "includes": f"shards/{split}-*.safetensors",
    }


def _names(head: str) -> dict[str, Any]:
    """The classes of a head, in order of their ids."""
    source = {"fileObject": {"@id": "classes.json"}, "extract": {"jsonPath": f"$.heads.{head}[*]"}}
    name = _field(f"{head} classes/name", "The class.", "sc:Text", source)
    return {"@type": "cr:RecordSet", "@id": f"{head} classes", "name": f"{head} classes", "field": [name]}


def _split(split: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    def tensor(name: str) -> dict[str, Any]:
        return {"fileSet": {"@id": f"shards of {split}"}, "extract": {"column": name}}

    fields = [_field(f"{split}/sample_id", "The sample.", "sc:Text", tensor("entry.sample_id"))]
    for head in manifest["heads"]:
        said = f"Logit of every class of {head}, less the row's maximum."
        logits = _field(f"{split}/{head}", said, "sc:Float", tensor(f"{head}.logits"))
        fields.append({**logits, "repeated": True})
    if manifest["embedding"] is not None:
        vector = _field(f"{split}/embedding", "The model's vector.", "sc:Float", tensor("embedding"))
        fields.append({**vector, "repeated": True})
    return {"@type": "cr:RecordSet", "@id": split, "name": split, "field": fields}


def _field(identifier: str, description: str, kind: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": identifier,
        "name": identifier.rpartition("/")[2],
        "description": description,
        "dataType": kind,
        "source": source,
    }
