"""Rules of operations that mix or move elements: grad_fn name -> the forward, then what a, b, c ... get.

a, b, c are the operands in `next_functions` order (the last rule stands for all further ones), y is the result, ḡ the
gradient that came in, n is how many elements are averaged, â is a with mean 0 and variance 1, σ its deviation before
that; any other name is a parameter by torch's name. A key with a parameter's value goes before the one without.
"""

from __future__ import annotations

from gradtui.grad_fns.decomposition_rules import DECOMPOSITIONS
from gradtui.grad_fns.elementwise_rules import ELEMENTWISE_IN_WORDS, NOTHING
from gradtui.grad_fns.spectral_rules import SPECTRA

PUT_BACK = "ḡ put back in its place, 0 elsewhere"
PUT_WHERE_FOUND = "ḡ put where each value was found, 0 elsewhere"
SHARED_AMONG_TIES = "ḡ shared evenly among the elements equal to y, 0 for the others"
RESHAPED = "ḡ in the shape of a"
ADDED_AT_INDEX = "ḡ added up at index, 0 elsewhere"
TRANSPOSED_MAP = "ḡ shared out by the same weights"
BATCH_NORM = (
    "â*b + c, â = a normalised in each channel",
    "b*(ḡ - mean(ḡ) - â*mean(ḡ*â))/σ",
    "ḡ*â summed over each channel",
    "ḡ summed over each channel",
)

ATTENTION = ("(s @ b)/sqrt(width) with s = p*(h - sum(h*p)), h = ḡ @ cᵀ", "(sᵀ @ a)/sqrt(width)", "pᵀ @ ḡ")

REDUCTIONS: dict[str, tuple[str, ...]] = {
    "SumBackward0": ("sum(a)", "ḡ for every element"),
    "SumBackward1": ("sum(a) over dim", "ḡ repeated over dim"),
    "NansumBackward0": ("sum of a without nan", "ḡ for every element, 0 where a is nan"),
    "MeanBackward0": ("mean(a)", "ḡ/n for every element"),
    "MeanBackward1": ("mean(a) over dim", "ḡ/n repeated over dim"),
    "ProdBackward0": ("prod(a)", "ḡ*(product of the other elements)"),
    "ProdBackward1": ("prod(a) over dim", "ḡ*(product of the other elements along dim)"),
    "VarBackward0": ("var(a)", "2*ḡ*(a - mean(a))/(n - correction)"),
    "VarBackward0 correction=None": ("var(a)", "2*ḡ*(a - mean(a))/(n - 1)"),
    "StdBackward0": ("std(a)", "ḡ*(a - mean(a))/(y*(n - correction))"),
    "StdBackward0 correction=None": ("std(a)", "ḡ*(a - mean(a))/(y*(n - 1))"),
    "VarMeanBackward0": ("var(a) and mean(a)", "2*ḡ₁*(a - mean(a))/(n - correction) + ḡ₂/n"),
    "StdMeanBackward0": ("std(a) and mean(a)", "ḡ₁*(a - mean(a))/(y₁*(n - correction)) + ḡ₂/n"),
    "MaxBackward0": ("max(a) over dim", PUT_WHERE_FOUND),
    "MaxBackward1": ("max(a)", SHARED_AMONG_TIES),
    "MinBackward0": ("min(a) over dim", PUT_WHERE_FOUND),
    "MinBackward1": ("min(a)", SHARED_AMONG_TIES),
    "AmaxBackward0": ("amax(a)", SHARED_AMONG_TIES),
    "AminBackward0": ("amin(a)", SHARED_AMONG_TIES),
    "AminmaxBackward0": (
        "amin(a) and amax(a)",
        "each ḡ shared evenly among the elements equal to its y, 0 for the others",
    ),
    "MedianBackward0": ("median(a)", SHARED_AMONG_TIES),
    "MedianBackward1": ("median(a) over dim", PUT_WHERE_FOUND),
    "NanmedianBackward0": ("median of a without nan", SHARED_AMONG_TIES),
    "NanmedianBackward1": ("median of a without nan, over dim", PUT_WHERE_FOUND),
    "KthvalueBackward0": ("the k-th smallest of a", PUT_WHERE_FOUND),
    "ModeBackward0": ("the most frequent of a", PUT_WHERE_FOUND),
    "SortBackward0": ("sort(a)", PUT_WHERE_FOUND),
    "SortBackward1": ("sort(a), stable", PUT_WHERE_FOUND),
    "TopkBackward0": ("the k largest of a", PUT_WHERE_FOUND),
    "LogsumexpBackward0": ("logsumexp(a)", "ḡ*exp(a - y)"),
    "SoftmaxBackward0": ("softmax(a)", "y*(ḡ - sum(ḡ*y))"),
    "SafeSoftmaxBackward0": ("softmax(a)", "y*(ḡ - sum(ḡ*y))"),
    "LogSoftmaxBackward0": ("log_softmax(a)", "ḡ - exp(y)*sum(ḡ)"),
    "CumsumBackward0": ("cumsum(a)", "the sum of ḡ from each place to the end"),
    "CumprodBackward0": ("cumprod(a)", "the sum of ḡ*y from each place to the end, over a"),
    "LogcumsumexpBackward0": ("logcumsumexp(a)", "exp(a)*(the sum of ḡ*exp(-y) from each place to the end)"),
    "CummaxBackward0": ("cummax(a)", "ḡ added up where each value was found"),
    "CumminBackward0": ("cummin(a)", "ḡ added up where each value was found"),
    "LinalgVectorNormBackward0": ("norm(a, ord)", "ḡ*sign(a)*(|a|/y)^(ord - 1), 0 where y is 0"),
    "LinalgVectorNormBackward0 ord=2": ("norm(a)", "ḡ*a/y, 0 where y is 0"),
    "LinalgVectorNormBackward0 ord=1": ("sum(|a|)", "ḡ*sign(a)"),
    "LinalgVectorNormBackward0 ord=inf": ("max(|a|)", "ḡ*sign(a) shared evenly where |a| is largest, 0 elsewhere"),
    "NormBackward1": ("norm(a, p)", "ḡ*sign(a)*(|a|/y)^(p - 1), 0 where y is 0"),
    "NormBackward1 p=2": ("norm(a)", "ḡ*a/y, 0 where y is 0"),
    "DistBackward0": (
        "norm(a - b, p)",
        "ḡ*sign(a - b)*(|a - b|/y)^(p - 1)",
        "-ḡ*sign(a - b)*(|a - b|/y)^(p - 1)",
    ),
    "DistBackward0 p=2": ("norm(a - b)", "ḡ*(a - b)/y", "-ḡ*(a - b)/y"),
    "CdistBackward0 p=2": (
        "distances of the rows of a and b",
        "the sum over b of ḡ*(a - b)/y",
        "the sum over a of -ḡ*(a - b)/y",
    ),
    "CdistBackward0": (
        "p-distances of the rows of a and b",
        "the sum over b of ḡ*sign(a - b)*(|a - b|/y)^(p - 1)",
        "the sum over a of -ḡ*sign(a - b)*(|a - b|/y)^(p - 1)",
    ),
    "PdistBackward0": ("p-distances of the rows of a", "for each pair ±ḡ*sign(d)*(|d|/y)^(p - 1), d their difference"),
    "RenormBackward0": (
        "slices of a cut to norm maxnorm",
        "ḡ as it is where the norm is smaller, else maxnorm*(ḡ - a*sum(ḡ*a)/|a|^2)/|a|",
    ),
    "TraceBackward0": ("trace(a)", "ḡ on the diagonal, 0 elsewhere"),
}

PRODUCTS: dict[str, tuple[str, ...]] = {
    "DotBackward0": ("dot(a, b)", "ḡ*b", "ḡ*a"),
    "VdotBackward0": ("dot(a, b)", "ḡ*b", "ḡ*a"),
    "MvBackward0": ("a @ b", "outer(ḡ, b)", "aᵀ @ ḡ"),
    "MmBackward0": ("a @ b", "ḡ @ bᵀ", "aᵀ @ ḡ"),
    "BmmBackward0": ("a @ b in each batch", "ḡ @ bᵀ", "aᵀ @ ḡ"),
    "AddmmBackward0": ("beta*a + alpha*b @ c", "beta*ḡ", "alpha*ḡ @ cᵀ", "alpha*bᵀ @ ḡ"),
    "AddmvBackward0": ("beta*a + alpha*b @ c", "beta*ḡ", "alpha*outer(ḡ, c)", "alpha*bᵀ @ ḡ"),
    "AddrBackward0": ("beta*a + alpha*outer(b, c)", "beta*ḡ", "alpha*ḡ @ c", "alpha*ḡᵀ @ b"),
    "BaddbmmBackward0": (
        "beta*a + alpha*b @ c in each batch",
        "beta*ḡ",
        "alpha*ḡ @ cᵀ",
        "alpha*bᵀ @ ḡ",
    ),
    "AddbmmBackward0": (
        "beta*a + alpha*b @ c summed over the batch",
        "beta*ḡ",
        "alpha*ḡ @ cᵀ in each batch",
        "alpha*bᵀ @ ḡ in each batch",
    ),
    "LinalgCrossBackward0": ("a × b", "b × ḡ", "ḡ × a"),
    "LinalgInvExBackward0": ("inverse of a", "-(yᵀ @ ḡ @ yᵀ)"),
    "LinalgDetBackward0": ("det(a)", "ḡ*y*(inverse of a)ᵀ"),
    "LinalgSlogdetBackward0": ("log(|det(a)|)", "ḡ*(inverse of a)ᵀ"),
    "LinalgSolveExBackward0": (
        "solution y of a @ y = b",
        "-outer(b's gradient, y)",
        "solution of aᵀ @ (b's gradient) = ḡ",
    ),
}

LOSSES: dict[str, tuple[str, ...]] = {
    "MseLossBackward0": ("(a - b)^2, averaged", "2*ḡ*(a - b)/n", "-2*ḡ*(a - b)/n"),
    "SmoothL1LossBackward0": (
        "smooth |a - b|, averaged",
        "ḡ*clamp((a - b)/beta, -1, 1)/n",
        "-ḡ*clamp((a - b)/beta, -1, 1)/n",
    ),
    "HuberLossBackward0": (
        "huber loss of a - b, averaged",
        "ḡ*clamp(a - b, -delta, delta)/n",
        "-ḡ*clamp(a - b, -delta, delta)/n",
    ),
    "SoftMarginLossBackward0": ("log(1 + exp(-target*a)), averaged", "-ḡ*target*sigmoid(-target*a)/n"),
    "BinaryCrossEntropyBackward0": (
        "-(b*log(a) + (1 - b)*log(1 - a)), averaged",
        "ḡ*weight*(a - b)/(a*(1 - a))/n",
        "-ḡ*weight*logit(a)/n",
    ),
    "BinaryCrossEntropyWithLogitsBackward0": (
        "cross entropy of sigmoid(a) and b, averaged",
        "ḡ*weight*((1 + (pos_weight - 1)*b)*sigmoid(a) - pos_weight*b)/n",
        "ḡ*weight*(logsigmoid(-a) - pos_weight*logsigmoid(a))/n",
    ),
    "BinaryCrossEntropyWithLogitsBackward0 pos_weight=None": (
        "cross entropy of sigmoid(a) and b, averaged",
        "ḡ*weight*(sigmoid(a) - b)/n",
        "-ḡ*weight*a/n",
    ),
    "NllLossBackward0": ("-a at the target, averaged", "-weight*ḡ/n at the target of each row, 0 elsewhere"),
    "NllLoss2DBackward0": ("-a at the target, averaged", "-weight*ḡ/n at the target of each place, 0 elsewhere"),
    "MultiMarginLossBackward0": (
        "how far each wrong class comes within margin of the right one, averaged",
        "ḡ/n at each wrong class within the margin, minus their sum at the target",
    ),
    "MultilabelMarginLossBackward0": (
        "how far each wrong class comes within 1 of a right one, averaged",
        "ḡ/n at the wrong class of each such pair, -ḡ/n at the right one",
    ),
    "CtcLossBackward0": (
        "-log of the probability of all alignments with the target",
        "ḡ*(exp(a) - the share of the alignments that pass there)",
    ),
}

LAYERS: dict[str, tuple[str, ...]] = {
    "NativeLayerNormBackward0": (
        "â*b + c, â = a normalised in each row",
        "(h - mean(h) - â*mean(h*â))/σ with h = ḡ*b",
        "ḡ*â summed over the rows",
        "ḡ summed over the rows",
    ),
    "NativeBatchNormBackward0": BATCH_NORM,
    "NativeBatchNormBackward0 training=False": (
        "â*b + c, â = (a - running_mean)/σ",
        "ḡ*b/σ",
        "ḡ*â summed over each channel",
        "ḡ summed over each channel",
    ),
    "NativeBatchNormLegitBackward0": BATCH_NORM,
    "NativeBatchNormLegitBackward1": BATCH_NORM,
    "BatchNormWithUpdateBackward0": BATCH_NORM,
    "NativeGroupNormBackward0": (
        "â*b + c, â = a normalised in each group",
        "(h - mean(h) - â*mean(h*â))/σ with h = ḡ*b",
        "ḡ*â summed over each channel",
        "ḡ summed over each channel",
    ),
    "ConvolutionBackward0": (
        "convolution of a with b, + c",
        "transposed convolution of ḡ with b",
        "correlation of a with ḡ",
        "ḡ summed over each channel",
    ),
    "ConvolutionBackward0 transposed=True": (
        "transposed convolution of a with b, + c",
        "convolution of ḡ with b",
        "correlation of ḡ with a",
        "ḡ summed over each channel",
    ),
    "MaxPool2DWithIndicesBackward0": ("max of each window", PUT_WHERE_FOUND),
    "MaxPool3DWithIndicesBackward0": ("max of each window", PUT_WHERE_FOUND),
    "AdaptiveMaxPool2DBackward0": ("max of each window", PUT_WHERE_FOUND),
    "AdaptiveMaxPool3DBackward0": ("max of each window", PUT_WHERE_FOUND),
    "FractionalMaxPool2DBackward0": ("max of each window, drawn at random", PUT_WHERE_FOUND),
    "FractionalMaxPool3DBackward0": ("max of each window, drawn at random", PUT_WHERE_FOUND),
    "MaxUnpool2DBackward0": ("a at indices, 0 elsewhere", "ḡ at indices"),
    "MaxUnpool3DBackward0": ("a at indices, 0 elsewhere", "ḡ at indices"),
    "AvgPool2DBackward0": ("mean of each window", "ḡ/n spread over its window"),
    "AvgPool3DBackward0": ("mean of each window", "ḡ/n spread over its window"),
    "AdaptiveAvgPool2DBackward0": ("mean of each window", "ḡ/n spread over its window"),
    "AdaptiveAvgPool3DBackward0": ("mean of each window", "ḡ/n spread over its window"),
    "UpsampleNearest1DBackward0": ("each element copied", "ḡ summed over the copies of each"),
    "UpsampleNearest2DBackward0": ("each element copied", "ḡ summed over the copies of each"),
    "UpsampleNearest3DBackward0": ("each element copied", "ḡ summed over the copies of each"),
    "UpsampleNearestExact1DBackward0": ("each element copied", "ḡ summed over the copies of each"),
    "UpsampleNearestExact2DBackward0": ("each element copied", "ḡ summed over the copies of each"),
    "UpsampleNearestExact3DBackward0": ("each element copied", "ḡ summed over the copies of each"),
    "UpsampleLinear1DBackward0": ("a interpolated", TRANSPOSED_MAP),
    "UpsampleBilinear2DBackward0": ("a interpolated", TRANSPOSED_MAP),
    "UpsampleBicubic2DBackward0": ("a interpolated", TRANSPOSED_MAP),
    "UpsampleTrilinear3DBackward0": ("a interpolated", TRANSPOSED_MAP),
    "UpsampleBilinear2DAaBackward0": ("a interpolated and smoothed", TRANSPOSED_MAP),
    "UpsampleBicubic2DAaBackward0": ("a interpolated and smoothed", TRANSPOSED_MAP),
    "GridSampler2DBackward0": (
        "a interpolated at the places b",
        TRANSPOSED_MAP,
        "ḡ times the slope of a at each place, 0 where mode is nearest",
    ),
    "GridSampler3DBackward0": (
        "a interpolated at the places b",
        TRANSPOSED_MAP,
        "ḡ times the slope of a at each place, 0 where mode is nearest",
    ),
    "TrilinearBackward0": (
        "sum of a*b*c over sumdim",
        "ḡ*b*c summed to the shape of a",
        "ḡ*a*c summed to the shape of b",
        "ḡ*a*b summed to the shape of c",
    ),
    "EmbeddingBackward0": ("rows of a at indices", "ḡ added up at the rows of indices, 0 elsewhere"),
    "EmbeddingBagBackward0": ("rows of a at indices, averaged in each bag", "ḡ/n added up at the rows of indices"),
    "EmbeddingBagBackward0 mode=0": ("rows of a at indices, summed in each bag", "ḡ added up at the rows of indices"),
    "ScaledDotProductFlashAttentionForCpuBackward0": (
        "p @ c, p = softmax(a @ bᵀ/sqrt(width))",
        *ATTENTION,
    ),
    "ScaledDotProductEfficientAttentionBackward0": (
        "p @ c, p = softmax(a @ bᵀ/sqrt(width) + d)",
        *ATTENTION,
        "s",
    ),
    "NativeDropoutBackward0": ("a*mask/(1 - p)", "ḡ*mask/(1 - p)"),
    "GluBackward0": (
        "l*sigmoid(r), l and r the halves of a",
        "ḡ*sigmoid(r) for l, ḡ*l*sigmoid(r)*(1 - sigmoid(r)) for r",
    ),
    "WeightNormInterfaceBackward0": (
        "b*a/|a|, |a| the norm of each row",
        "b*(ḡ - a*sum(ḡ*a)/|a|^2)/|a|",
        "sum(ḡ*a)/|a|",
    ),
    "BernoulliBackward0": ("a random 1 with probability a", NOTHING),
    "NormalBackward1": ("a random number around a", NOTHING),
    "NormalBackward3": ("a random number around a, spread b", NOTHING, NOTHING),
}

SHAPES: dict[str, tuple[str, ...]] = {
    "ViewBackward0": ("a in another shape", RESHAPED),
    "UnsafeViewBackward0": ("a in another shape", RESHAPED),
    "ReshapeAliasBackward0": ("a in another shape", RESHAPED),
    "SqueezeBackward0": ("a without dims of size 1", RESHAPED),
    "SqueezeBackward1": ("a without dim, if of size 1", RESHAPED),
    "SqueezeBackward2": ("a without dims of size 1", RESHAPED),
    "SqueezeBackward4": ("a without dim, if of size 1", RESHAPED),
    "UnsqueezeBackward0": ("a with one more dim", RESHAPED),
    "TBackward0": ("aᵀ", "ḡᵀ"),
    "TransposeBackward0": ("a with two dims swapped", "ḡ with the same dims swapped"),
    "TransposeBackward1": ("a with two dims swapped", "ḡ with the same dims swapped"),
    "PermuteBackward0": ("a with its dims reordered", "ḡ with its dims back in order"),
    "ExpandBackward0": ("a repeated without copies", "ḡ summed over the expanded dims"),
    "RepeatBackward0": ("copies of a", "ḡ summed over the copies"),
    "CatBackward0": ("cat(a, b, …)", "its own piece of ḡ"),
    "StackBackward0": ("stack(a, b, …)", "its own slice of ḡ"),
    "SplitBackward0": ("pieces of a", "the ḡ of all pieces in one"),
    "SplitWithSizesBackward0": ("pieces of a", "the ḡ of all pieces in one"),
    "UnsafeSplitBackward0": ("pieces of a", "the ḡ of all pieces in one"),
    "UnbindBackward0": ("slices of a", "the ḡ of all slices, stacked"),
    "SelectBackward0": ("a at one index of dim", PUT_BACK),
    "SliceBackward0": ("a stretch of a", PUT_BACK),
    "DiagonalBackward0": ("diagonal of a", PUT_BACK),
    "DiagEmbedBackward0": ("a on a diagonal", "diagonal of ḡ"),
    "AsStridedBackward0": ("a view of a's memory", "ḡ added up at the places it was read from"),
    "UnfoldBackward0": ("windows of a", "ḡ added up over the windows"),
    "Im2ColBackward0": ("windows of a as columns", "ḡ added up over the windows"),
    "Col2ImBackward0": ("columns added up over the windows", "ḡ's windows as columns"),
    "TriuBackward0": ("upper triangle of a", "upper triangle of ḡ"),
    "TrilBackward0": ("lower triangle of a", "lower triangle of ḡ"),
    "ConstantPadNdBackward0": ("a with padding", "ḡ without the padding"),
    "ReflectionPad1DBackward0": ("a with its mirror image around", "ḡ added up where each value came from"),
    "ReflectionPad2DBackward0": ("a with its mirror image around", "ḡ added up where each value came from"),
    "ReflectionPad3DBackward0": ("a with its mirror image around", "ḡ added up where each value came from"),
    "ReplicationPad1DBackward0": ("a with its ends repeated", "ḡ added up where each value came from"),
    "ReplicationPad2DBackward0": ("a with its ends repeated", "ḡ added up where each value came from"),
    "ReplicationPad3DBackward0": ("a with its ends repeated", "ḡ added up where each value came from"),
    "RollBackward0": ("a rolled by shifts", "ḡ rolled back"),
    "FlipBackward0": ("a reversed", "ḡ reversed"),
    "Rot90Backward0": ("a turned by 90°", "ḡ turned back"),
    "PixelShuffleBackward0": ("channels of a as pixels", "ḡ's pixels as channels"),
    "PixelUnshuffleBackward0": ("pixels of a as channels", "ḡ's channels as pixels"),
    "ChannelShuffleBackward0": ("channels of a in another order", "ḡ's channels back in order"),
    "BlockDiagBackward0": ("a, b, … along a diagonal", "its own block of ḡ"),
    "NarrowCopyBackward0": ("a stretch of a", PUT_BACK),
    "AliasBackward0": ("a itself", "ḡ"),
}

PLACES: dict[str, tuple[str, ...]] = {
    "IndexBackward0": ("a[indices]", "ḡ added up at indices, 0 elsewhere"),
    "IndexSelectBackward0": ("rows of a at index", ADDED_AT_INDEX),
    "GatherBackward0": ("a at index along dim", ADDED_AT_INDEX),
    "TakeBackward0": ("a at index", ADDED_AT_INDEX),
    "IndexPutBackward0": ("a with b written at indices", "ḡ, 0 at indices", "ḡ at indices"),
    "IndexPutBackward0 accumulate=True": ("a with b added at indices", "ḡ", "ḡ at indices"),
    "IndexAddBackward0": ("a with alpha*b added at index", "ḡ", "alpha*ḡ at index"),
    "IndexCopyBackward0": ("a with b written at index", "ḡ, 0 at index", "ḡ at index"),
    "IndexFillBackward0": ("a with a number written at index", "ḡ, 0 at index"),
    "IndexFillBackward1": ("a with b written at index", "ḡ, 0 at index", "ḡ summed at index"),
    "ScatterBackward0": ("a with b written at index", "ḡ, 0 at index", "ḡ at index"),
    "ScatterBackward1": ("a with a number written at index", "ḡ, 0 at index"),
    "ScatterAddBackward0": ("a with b added at index", "ḡ", "ḡ at index"),
    "DiagonalScatterBackward0": ("a with b written on a diagonal", "ḡ, 0 where b is", "ḡ where b is"),
    "SelectScatterBackward0": ("a with b written at one index of dim", "ḡ, 0 where b is", "ḡ where b is"),
    "SliceScatterBackward0": ("a with b written over a stretch", "ḡ, 0 where b is", "ḡ where b is"),
    "PutBackward0": ("a with b written at index", "ḡ, 0 at index", "ḡ at index"),
    "PutBackward0 accumulate=True": ("a with b added at index", "ḡ", "ḡ at index"),
    "ScatterReduceBackward0 reduce=sum": ("a with b added at index", "ḡ", "ḡ at index"),
    "ScatterReduceBackward0 reduce=prod": ("a times b at index", "ḡ*y/a", "ḡ*y/b at index"),
    "ScatterReduceBackward0 reduce=mean": ("a and b at index, averaged", "ḡ/n", "ḡ/n at index"),
    "ScatterReduceBackward0": (
        "the largest, or smallest, of a and b at index",
        "ḡ shared evenly among those equal to y",
        "ḡ at index shared evenly among those equal to y",
    ),
    "IndexReduceBackward0 reduce=prod": ("a times b at index", "ḡ*y/a", "ḡ*y/b at index"),
    "IndexReduceBackward0 reduce=mean": ("a and b at index, averaged", "ḡ/n", "ḡ/n at index"),
    "IndexReduceBackward0": (
        "the largest, or smallest, of a and b at index",
        "ḡ shared evenly among those equal to y",
        "ḡ at index shared evenly among those equal to y",
    ),
    "MaskedFillBackward0": ("a, a number where mask", "ḡ, 0 where mask"),
    "MaskedFillBackward1": ("a, b where mask", "ḡ, 0 where mask", "ḡ summed where mask"),
    "MaskedSelectBackward0": ("a where mask", "ḡ put back where mask, 0 elsewhere"),
    "MaskedScatterBackward0": ("a, b's elements where mask", "ḡ, 0 where mask", "ḡ where mask, in order"),
    "UnsafeMaskedIndexBackward0": ("a[indices] where mask", "ḡ added up at indices where mask, 0 elsewhere"),
    "UnsafeMaskedIndexPutAccumulateBackward0": (
        "a with b added at indices where mask",
        "ḡ",
        "ḡ at indices where mask, 0 elsewhere",
    ),
    "CloneBackward0": ("a copy of a", "ḡ"),
    "ToCopyBackward0": ("a as another dtype or device", "ḡ as the dtype and device of a"),
    "CopyBackwards": ("b copied over a", NOTHING, "ḡ"),
    "CopySlices": ("a with a view of it changed in place", "ḡ, through the change where the view is", "ḡ of the view"),
    "FillBackward2": ("a filled with a number", NOTHING),
    "FillBackward0": ("a filled with a number", NOTHING),
    "ZeroBackward0": ("a filled with 0", NOTHING),
    "AccumulateGrad": ("a leaf, whose .grad grows by ḡ",),
}

TENSORS: dict[str, tuple[str, ...]] = (
    ELEMENTWISE_IN_WORDS | REDUCTIONS | PRODUCTS | DECOMPOSITIONS | LOSSES | LAYERS | SHAPES | PLACES | SPECTRA
)
