"""Every private name of torch that gradtui uses. A release of torch that moves one is mended here; tests would show its going."""

from __future__ import annotations

from collections.abc import Callable

import torch

sequence_number: Callable[[], int] = torch.autograd._get_sequence_nr  # type: ignore[attr-defined]
"""The number that the next grad_fn of this thread will get."""
