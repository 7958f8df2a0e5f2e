"""What autograd calls an operation whose kernel is that of another device than a CPU: cuDNN's, MIOpen's, those of Apple. Pure."""

from __future__ import annotations

import re

KERNELS = {
    "CudnnBatchNorm": "NativeBatchNorm",
    "CudnnCtcLoss": "CtcLoss",
    "CudnnGridSampler": "GridSampler2D",
    "FusedDropout": "NativeDropout",
    "MiopenBatchNorm": "NativeBatchNorm",
    "MiopenConvolution": "Convolution",
    "MiopenCtcLoss": "CtcLoss",
    "MpsConvolution": "Convolution",
    "ScaledDotProductCudnnAttention": "ScaledDotProductEfficientAttention",
    "ScaledDotProductFlashAttention": "ScaledDotProductFlashAttentionForCpu",
    "ScaledDotProductFusedAttentionOverrideable": "ScaledDotProductEfficientAttention",
}
"""Each with the name under which the tables have the same operation of the same operands."""

_PARTS = re.compile(r"(\w+?)(Backward\d*)?")


def known_as(name: str) -> str:
    """The name that the tables have: `NativeBatchNormBackward0` for CudnnBatchNormBackward0, `Convolution` for MpsConvolution."""
    parts = _PARTS.fullmatch(name)
    if parts is None or parts[1] not in KERNELS:
        return name
    return KERNELS[parts[1]] + (parts[2] or "")
