"""What user code may set for the whole process: put back before each run, so that it is one function."""

from __future__ import annotations

import random
import sys
from typing import Any

import torch

SEED = 0


def seed() -> None:
    """For a file that does not choose its own random numbers: another picture only where something was changed."""
    torch.manual_seed(SEED)
    random.seed(SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED)


class ProcessState:
    """The random numbers of torch, Python and NumPy and torch's settings as they are now; `restore` puts them back."""

    def __init__(self) -> None:
        self._dtype, self._device = torch.get_default_dtype(), torch.get_default_device()
        self._grad = torch.is_grad_enabled()
        self._anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
        self._torch, self._python = torch.get_rng_state(), random.getstate()
        self._devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
        self._numpy: Any = sys.modules["numpy"].random.get_state() if "numpy" in sys.modules else None

    def restore(self) -> None:
        torch.set_default_dtype(self._dtype)
        if torch.get_default_device() != self._device:
            torch.set_default_device(self._device)
        torch.set_grad_enabled(self._grad)
        torch.set_anomaly_enabled(*self._anomaly)
        torch.set_rng_state(self._torch)
        random.setstate(self._python)
        if self._devices:
            torch.cuda.set_rng_state_all(self._devices)
        if self._numpy is not None:
            sys.modules["numpy"].random.set_state(self._numpy)
