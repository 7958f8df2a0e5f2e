"""Which torch the tests run on, where they expect something else of another; docs/install.md says it to a person."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch

VERSION = tuple(map(int, torch.__version__.split(".")[:2]))

sees_what_is_kept = pytest.mark.skipif(
    VERSION < (2, 10), reason="before torch 2.10 there is no looking at what a node keeps without unpacking it"
)
sees_into_compiled = pytest.mark.skipif(
    "call_succeeded"
    not in Path(torch.__file__).with_name("_dynamo").joinpath("eval_frame.py").read_text(encoding="utf-8"),
    reason="this torch keeps no result of what it compiled, as torch 2.6 does not",
)
SHARDS_ON_A_CPU = hasattr(torch.cpu.Stream, "record_event")
"""Whether `fully_shard` finds on a CPU what it asks it for; in torch 2.6 it does not."""
shards_on_a_cpu = pytest.mark.skipif(not SHARDS_ON_A_CPU, reason="this torch cannot shard on a CPU")

runs_a_pipeline_alone = pytest.mark.skipif(
    VERSION < (2, 7),
    reason="torch 2.6 sends what a stage makes through gloo, also to a stage of the same process, which refuses it",
)


def takes(optimizer: str, setting: str) -> bool:
    """Whether torch's optimizer has it: Adam's `decoupled_weight_decay` is of 2.7."""
    return setting in inspect.signature(getattr(torch.optim, optimizer)).parameters
