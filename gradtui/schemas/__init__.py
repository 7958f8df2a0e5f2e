"""JSON Schemas (draft 2020-12): of what gradtui prints for programs, and of `config.toml`."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, get_args

from gradtui.snapshot.events import EventKind, Switch
from gradtui.snapshot.finding import Certainty, Kind
from gradtui.snapshot.model import ProblemKind, Unread

Schema = dict[str, Any]


def answers() -> Schema:
    """Of `gradtui/1` and `gradtui-run/1`. What kinds there are is taken from where they are defined."""
    schema = _read("answers")
    kinds = {
        ("error", "kind"): ProblemKind,
        ("event", "kind"): EventKind,
        ("event", "switch"): Switch,
        ("finding", "kind"): Kind,
        ("finding", "certainty"): Certainty,
        ("unread", "unread"): Unread,
    }
    for (name, key), kind in kinds.items():
        schema["$defs"][name]["properties"][key]["enum"] = [*get_args(kind)]
    return schema


def config() -> Schema:
    """Of `config.toml`, for editors that help with it."""
    return _read("config")


def _read(name: str) -> Schema:
    schema: Schema = json.loads((resources.files(__name__) / f"{name}.json").read_bytes())
    return schema
