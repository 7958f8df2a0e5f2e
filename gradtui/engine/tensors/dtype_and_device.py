"""What a request asks of torch: a dtype, a device; and how it is refused."""

from __future__ import annotations

import torch

from gradtui.snapshot import model

DTYPES: dict[str, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


class RefusalError(Exception):
    """A request that cannot be met, for a reason outside its text."""

    def __init__(self, kind: model.ProblemKind, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.problem = model.Problem(kind, message, hint=hint)


def dtype_and_device(request: model.Request) -> tuple[torch.dtype, torch.device]:
    """Raises RefusalError for what there is not on this machine."""
    if request.device == "cuda" and not torch.cuda.is_available():
        raise RefusalError("dtype", "torch finds no CUDA device on this machine", "use the device cpu")
    if request.device == "mps" and not torch.backends.mps.is_available():
        raise RefusalError("dtype", "torch finds no MPS device on this machine", "use the device cpu")
    if request.device == "mps" and request.dtype == "float64":
        raise RefusalError("dtype", "an MPS device has no float64", "use float32, or the device cpu")
    return DTYPES[request.dtype], torch.device(request.device)
