"""By which words of its messages torch refuses what: patterns, with the facts that stand in them. No torch."""

from __future__ import annotations

from typing import get_args

from gradtui.snapshot.events import Refusal

NUMBERS = r"\[([^\]]*)\]"
MESSAGES: dict[Refusal, str] = {  # the first that fits counts
    "inplace": r"modified by an inplace operation",
    "freed": r"backward through the graph a second time|after they have already been freed",
    "leaf_inplace": r"(a|view of a) leaf Variable that requires grad (is|has)( being)? been?\s?used in an in-?place|"
    r"leaf Variable that requires grad is being used in an in-?place|leaf variable has been moved into the graph interior",
    "view_inplace": r"is a view and (is being|has been|its base or another view of its base has been) modified in-?place|"
    r"A view was created in",
    "inference": r"[Ii]nference tensor",
    "shape": rf"[Ff]unction (?P<name>\w+) returned an invalid gradient at index (?P<place>\d+) - got {NUMBERS} but expected "
    rf"shape compatible with {NUMBERS}",
    "count": r"function (?P<name>\w+) returned an incorrect number of gradients \(expected (?P<needed>\d+), got (?P<count>\d+)\)",
    "misplaced": r"function (?P<name>\w+) returned a gradient different than None at position (?P<place>\d+), but the "
    r"corresponding forward input was not a Variable",
    "no_tensor": r"expected Variable or None \(got (?P<kind>[\w.]+)\)",
    "complex_gradient": r"input_is_complex == grad_is_complex",
    "unused": r"appears to not have been used in the graph",
    "not_asked": r"One of the differentiated Tensors does not require grad",
    "not_scalar": r"grad can be implicitly created only for scalar outputs",
    "no_graph": r"does not require grad and does not have a grad_fn",
    "not_a_leaf": r"you can only change requires_grad flags of leaf variables",
    "whole_numbers": r"nly Tensors of floating point (and complex )?dtype can require gradients",
    "numpy": r"Can't call numpy\(\) on Tensor that requires grad",
    "saved": r"save_for_backward can only save variables",
    "copied": r"Only Tensors created explicitly by the user",
    "too_large": r"value cannot be converted to type (c10|at)::(?P<name>\w+) without overflow",
    "not_positive": r"(?P<name>cholesky\w*): .*not positive-definite",
    "phase": r"(?P<name>\w+)_backward: The (singular|eigen) ?vectors .*(ill-defined|specified up to)",
    "unconverged": r"(?P<name>\w+): The algorithm failed to converge",
    "singular": r"(?P<name>\w+): .*\bsingular\b(?! (value|vector))",
    "once": r"marked with @once_differentiable",
    "not_real": r"for real scalar outputs but got",
    "not_implemented": r"derivative for '?(?P<name>[\w:]+)'? is not implemented",
    "vmap_number": r"vmap: .*(\.item\(\)|data-dependent control flow)",
    "vmap_inplace": r"vmap: inplace arithmetic",
    "vmap_random": r"vmap: called random operation",
    "transformed": r"attempting to call Tensor\.requires_grad_\(\)",
    "constraint": r"Expected parameter (?P<name>\w+) [\s\S]*?of distribution (?P<of>\w+)[\s\S]*?to satisfy the constraint "
    r"(?P<rule>\w+)",
    "recomputed": r"torch\.utils\.checkpoint: (Recomputed values|A different number of tensors|trying to save more tensors)",
    "one_value": r"Expected more than 1 value per channel when training",
    "one_pixel": r"Expected more than 1 spatial element when training",
    "not_probabilities": r"all elements of input should be between 0 and 1",
    "no_class": r"Target (?P<name>-?\d+) is out of bounds",
    "target_shape": r"1D target tensor expected|multi-target not supported|Target size .* must be the same as input size|"
    r"Using a target size .* that is different to the input size",
    "target_dtype": r"expected target dtype to be|xpected scalar type Long but found|Expected floating point type for target",
    "devices": r"to be on the same device, but (found at least|got)|is not on the expected device|"
    r"Input type \((torch\.cuda\.\w+\) and \w+ type \(torch\.\w+|torch\.\w+\) and \w+ type \(torch\.cuda\.\w+)\) should be",
    "two_dtypes": r"to have the same dtype, but got: (?P<one>\S+) != (?P<other>\w+)|"
    r"must have the same dtype, but got (?P<third>\w+) and (?P<fourth>\w+)|"
    r"Input type \((?P<fifth>[\w.]+)\) and \w+ type \((?P<sixth>[\w.]+)\) should be the same|"
    r"xpected scalar type (?P<seventh>\w+) but found (?P<eighth>\w+)",
    "features": r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<count>\d+) and (?P<needed>\d+)x\d+\)|"
    r"size mismatch, got input \(\d+\), mat \(\d+x(?P<needed1>\d+)\), vec \((?P<count1>\d+)\)|"
    r"must be equal to input_size\. Expected (?P<needed2>\d+), got (?P<count2>\d+)|"
    r"to have (?P<needed3>\d+) channels, but got (?P<count3>\d+) channels instead|"
    r"running_mean should contain (?P<count4>\d+) elements not (?P<needed4>\d+)|"
    r"normalized_shape=\[(?:\d+, )*(?P<needed5>\d+)\].*size\[(?:\d+, )*(?P<count5>\d+)\]|"
    r"dimensions of batch2 tensor to be: \[\d+, (?P<count6>\d+)\] but got: \[\d+, (?P<needed6>\d+)\]|"
    r"was expecting embedding dimension of (?P<needed7>\d+), but got (?P<count7>\d+)",
    "dimensions": r"Expected \dD \(unbatched\) or \dD \(batched\) input to|[Ee]xpected \dD( or \dD)? input \(got \dD input\)",
    "too_small": r"Kernel size can't be greater than actual input size|Output size is too small",
    "state_size": r"Expected hidden(\[\d\])? size \(\d+, (?P<needed>\d+), \d+\), got \[\d+, (?P<count>\d+), \d+\]",
    "classes_apart": r"Expected target size \[",
    "other_weights": r"Error\(s\) in loading state_dict for (?P<model>\w+)",
    "sizes_apart": r"size of tensor a \((?P<count>\d+)\) must match the size of tensor b \((?P<needed>\d+)\) at "
    r"non-singleton dimension (?P<place>\d+)",
    "examples_apart": r"Expected input batch_size \((?P<count>\d+)\) to match target batch_size \((?P<needed>\d+)\)",
    "no_row": r"index out of range in self",
    "no_element": r"index (?P<count>-?\d+) is out of bounds for dimension (?P<place>\d+) with size (?P<needed>\d+)",
    "index_dtype": r"for argument #1 'indices' to have one of the following scalar types|"
    r"tensors used as indices must be long",
    "whole_result": r"result type \w+ can't be cast to the desired output type \w+",
    "no_view": r"shape '\[[^\]]*\]' is invalid for input of size (?P<count>\d+)",
    "strides": r"view size is not compatible with input tensor's size and stride",
    "joined": r"Sizes of tensors must match except in dimension \d+\. Expected size (?P<needed>\d+) (in dimension \d+ )?"
    r"but got size (?P<count>\d+) for tensor number (?P<place>\d+) in the list|"
    r"stack expects each tensor to be equal size, but got .* at entry 0 and .* at entry (?P<place1>\d+)",
    "ambiguous": r"Boolean value of Tensor with more than one value is ambiguous|"
    r"a Tensor with (?P<count>\d+) elements cannot be converted to Scalar",
    "unreduced": r"Expected to have finished reduction in the prior iteration(?:[\s\S]*?for rank \d+: (?P<places>[\d ]+))?",
    "nothing_to_clip": r"nested_tensorlist\[0\]\.empty\(\)",
    "bad_values": r"(?i)found invalid values|\bnan\b|\binf\b|\binfinite|non-?finite|not finite",
}
assert set(MESSAGES) == set(get_args(Refusal))
OF_SIZES: set[Refusal] = {
    "features", "sizes_apart", "examples_apart", "no_row", "no_element", "index_dtype", "whole_result", "no_view", "strides",
    "joined", "ambiguous", "devices", "dimensions", "too_small", "state_size", "classes_apart", "other_weights",
}  # fmt: skip
"""Sizes, indices, dtypes and devices that do not fit: torch says so before it computes anything."""
ANY_ERROR: set[Refusal] = OF_SIZES | {"bad_values", "constraint", "one_value", "one_pixel", "no_class", "target_shape"}
"""They are raised as errors of any class; of autograd torch raises RuntimeError and TypeError alone."""
