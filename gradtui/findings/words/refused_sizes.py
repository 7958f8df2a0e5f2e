"""The words about what torch refuses before it computes anything: sizes, indices, dtypes and devices that do not fit."""

from __future__ import annotations

from gradtui.findings.words.sentence import Sentence

OF_SIZES: dict[str, Sentence] = {
    "refused: no_class": Sentence(
        "refused",
        "forward",
        "{place}: the target holds {count}, and the scores are of {needed} classes, which count from 0: that is none of them",
        "look at the labels, target.min() and target.max(): give the last layer as many outputs as there are classes, let the "
        "labels begin at 0, or leave some out by ignore_index",
    ),
    "refused: target_shape": Sentence(
        "refused",
        "forward",
        "{place}: {operation} does not take a target of shape {shape} with scores of {wanted}",
        "class numbers, one of each example: target.squeeze(1), or target.view(-1); else what has the shape of the scores: "
        "target.view_as(scores), or scores.squeeze(1)",
    ),
    "refused: target_dtype": Sentence(
        "refused",
        "forward",
        "{place}: {operation} takes class numbers of dtype long, or probabilities of all classes of a floating dtype, and the "
        "target is neither",
        "target.long() of class numbers; target.float() of one-hot or smoothed labels",
    ),
    "refused: two_dtypes": Sentence(
        "refused",
        "forward",
        "{place}: its operands are of two dtypes, {tensor}",
        "x.float() for the data, as arrays of numpy are float64; model.double() where all is to be so; autocast for halves",
    ),
    "refused: devices": Sentence(
        "refused",
        "forward",
        "{place}: its operands are on several devices",
        "move the data to where the model is, x = x.to(device), each batch, the target and the hidden state too; tensors that a "
        "model makes in forward by device=x.device, or as buffers (register_buffer)",
    ),
    "refused: features": Sentence(
        "refused",
        "forward",
        "{place}{of_operation} takes {needed} features or channels{of_tensor}, and is given {count}",
        "give the layer as many as come, or look at what changes the size before it: print(x.shape) there; flatten(1) leaves the "
        "batch as it is, and pictures are [N, C, H, W]: x.permute(0, 3, 1, 2) where the channels are last",
    ),
    "refused: sizes_apart": Sentence(
        "refused",
        "forward",
        "{place}{of_operation}: two shapes do not go together{of_both}: in dimension {dimension} they have {count} and {needed}",
        "print both shapes: they are matched from their last dimension on, and only a 1 is stretched: x[:, None], "
        "sum(keepdim=True), or the transpose of one",
    ),
    "refused: examples_apart": Sentence(
        "refused",
        "forward",
        "{place}: the scores are of {count} examples, and the target is of {needed}",
        "the first dimension of both is the batch, and the second of the scores is the classes: scores.view(-1, classes) with "
        "target.view(-1) of sequences, x.flatten(1) and not x.view(-1, n) before the last layer",
    ),
    "refused: no_row": Sentence(
        "refused",
        "forward",
        "{place} looks up a row that the table does not have{of_rows}",
        "look at x.min() and x.max(): give the table a row for each word, with padding and the unknown one (num_embeddings = "
        "largest index + 1), and let the indices begin at 0",
    ),
    "refused: no_element": Sentence(
        "refused",
        "forward",
        "{place} takes element {count} of dimension {dimension}, which has {needed}, from 0 on",
        "print the shape and the index: the last one is size - 1, or -1; of labels as indices see that they begin at 0",
    ),
    "refused: index_dtype": Sentence(
        "refused",
        "forward",
        "{place}: indices are whole numbers, and these are not",
        "x.long() where they count something; numbers that are measured go into a Linear layer, and not into an Embedding",
    ),
    "refused: whole_result": Sentence(
        "refused",
        "forward",
        "{place}{of_operation}: what it makes has fractions, and is to be put into whole numbers",
        "target.float() of a loss that takes probabilities; of x += y make x a tensor of floats first, x = x.float()",
    ),
    "refused: no_view": Sentence(
        "refused",
        "forward",
        "{place}: {count} numbers{of_shape} do not fill this shape",
        "leave one size open, x.view(len(x), -1) or x.flatten(1), and see what each part has: the last batch of an epoch may be "
        "smaller (drop_last=True)",
    ),
    "refused: strides": Sentence(
        "refused",
        "forward",
        "{place}: the numbers{of_shape} do not lie in memory in the order that this view has, as after a transpose or permute",
        "x.reshape(...), or x.contiguous().view(...)",
    ),
    "refused: joined": Sentence(
        "refused",
        "forward",
        "{place}{of_operation}: tensor {index} of those that are put together has another size than the first",
        "print the shapes of all: cat wants the same sizes but along dim, stack the same throughout; pad what is shorter "
        "(nn.utils.rnn.pad_sequence), or see which dim is meant",
    ),
    "refused: ambiguous": Sentence(
        "refused",
        "forward",
        "{place} wants one number, or one truth, of a tensor that has several{of_shape}",
        "torch.where(condition, one, other) for each element; .any() or .all() of a condition, .mean() or .sum() of a loss",
    ),
    "refused: dimensions": Sentence(
        "refused",
        "forward",
        "{place}{of_operation} takes an input of another number of dimensions{than_shape}",
        "pictures are [N, C, H, W]: x.unsqueeze(1) adds the channel of grey ones, x[None] a batch of one; x.flatten(1) makes a "
        "row of each for a Linear layer",
    ),
    "refused: too_small": Sentence(
        "refused",
        "forward",
        "{place}{of_operation} reaches over more than what it is given has",
        "a smaller kernel_size, padding, less pooling and smaller strides before it, or larger pictures",
    ),
    "refused: state_size": Sentence(
        "refused",
        "forward",
        "{place} is given a hidden state of {count} examples, and a batch of {needed}",
        "begin each sequence, and each batch, with a state of its own size (leave it out: it is 0 then); where it is to be "
        "carried on, the last batch of an epoch is smaller: drop_last=True; see what batch_first says of the order of dimensions",
    ),
    "refused: classes_apart": Sentence(
        "refused",
        "forward",
        "{place}: cross_entropy looks for the classes in dimension 1 of the scores, which leaves another shape than that of the "
        "target{of_both}",
        "scores.transpose(1, 2) where the classes are last, or scores.flatten(0, 1) with target.flatten()",
    ),
    "refused: other_weights": Sentence(
        "refused",
        "forward",
        "{place}: the weights that are loaded are of another model than the one that gets them: names or shapes differ",
        "make the model with the sizes that it was saved with; names that begin with module. are of DataParallel: take that "
        "away; strict=False leaves out what has no name there, but no other shape",
    ),
}
