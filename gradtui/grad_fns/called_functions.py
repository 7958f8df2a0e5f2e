"""What kind of function it is by torch's own name of what was called (`softmax`, `add_`), as a trace sees it. Pure."""

from __future__ import annotations

from typing import Literal

Trait = Literal[
    "giving",
    "adding",
    "product",
    "softmax",
    "spread",
    "labels",
    "weight norm",
    "exponential",
    "logarithm",
    "indices",
    "comparing",
    "step",
    "done otherwise",
    "aligning",
    "determinant",
    "overflowing",
    "making",
    "summing",
]
"""giving: brings in an infinity that was asked for, as a mask does. adding, product: of its operands. softmax: of rows. spread:
0/0 of a single element. labels: 0/0 where all are ignored. weight norm: divides rows by their norm. exponential: overflows at
ordinary numbers. logarithm: of what may be 0. indices: gives those of the elements that it chooses. comparing: a step. step:
of two flat pieces, without a derivative of torch's. done otherwise: without one, and people have another way. aligning: of
sequences with targets. determinant: its logarithm. overflowing: what makes infinity of finite numbers as it is more than the
dtype holds; of others it may be a pole. making: a tensor of numbers that no other
tensor holds. summing: adds up, mostly products.
"""

_NAMES: dict[Trait, str] = {
    "giving": "masked_fill where fill full __setitem__ index_put triu tril pad",
    "adding": "add sub __add__ __radd__ __sub__ rsub baddbmm",
    "product": "mul __mul__ __rmul__ mm bmm addmm matmul linear dot mv",
    "softmax": "_softmax _log_softmax _safe_softmax logsumexp softmax log_softmax",
    "spread": "std var std_mean var_mean",
    "labels": "nll_loss nll_loss_forward nll_loss2d_forward cross_entropy",
    "weight norm": "_weight_norm_interface _weight_norm",
    "exponential": "exp exp2 expm1 cosh sinh",
    "logarithm": "log log2 log10 log1p",
    "indices": "max min topk sort median nanmedian mode kthvalue cummax cummin",
    "comparing": "lt gt le ge eq ne __lt__ __gt__ __le__ __ge__ __eq__ __ne__ less greater less_equal greater_equal "
    "isclose logical_and logical_or logical_not logical_xor heaviside",
    "step": "heaviside special_heaviside floor_divide",
    "done otherwise": "bincount histc _cdist_backward",
    "aligning": "_ctc_loss ctc_loss",
    "determinant": "logdet slogdet linalg_slogdet _linalg_slogdet",
    "overflowing": "add sub rsub mul div true_divide reciprocal pow float_power square sum mean nansum prod cumsum cumprod mm "
    "bmm addmm baddbmm addbmm addmv addr matmul linear dot vdot mv outer inner einsum tensordot bilinear convolution conv1d "
    "conv2d conv3d norm linalg_vector_norm linalg_norm mse_loss l1_loss addcmul lerp softplus elu celu selu gelu silu "
    "hypot scatter_add index_add scatter_reduce cosh sinh exp exp2 expm1 logaddexp logsumexp dist cdist euclidean_dist lgamma "
    "mvlgamma to _to_copy half type var std scaled_dot_product_attention multi_head_attention_forward huber_loss "
    "smooth_l1_loss poisson_nll_loss",
    "summing": "mm bmm addmm baddbmm addbmm addmv addr matmul __matmul__ linear dot vdot mv inner einsum tensordot bilinear "
    "convolution conv1d conv2d conv3d sum nansum mean cumsum scatter_add index_add",
    "making": "tensor as_tensor asarray scalar_tensor from_numpy FloatTensor DoubleTensor Tensor zeros ones full empty eye "
    "arange linspace rand randn randint zeros_like ones_like full_like empty_like rand_like randn_like new_tensor new_zeros "
    "new_ones new_full new_empty",
}
FUNCTIONS: dict[Trait, frozenset[str]] = {trait: frozenset(names.split()) for trait, names in _NAMES.items()}


def has(function: str, trait: Trait) -> bool:
    """function: as torch calls it; `add_` writes in place and is as `add`."""
    plain = function if function.endswith("__") else function.removesuffix("_")
    return plain in FUNCTIONS[trait]
