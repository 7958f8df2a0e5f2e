"""Which torch the tests run on, where they expect something else of another; docs/install.md says it to a person."""

from __future__ import annotations

import pytest
import torch

VERSION = tuple(map(int, torch.__version__.split(".")[:2]))

sees_what_is_kept = pytest.mark.skipif(
    VERSION < (2, 10), reason="before torch 2.10 there is no looking at what a node keeps without unpacking it"
)
