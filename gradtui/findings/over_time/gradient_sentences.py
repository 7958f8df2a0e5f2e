"""Words on gradients that add up, are cleared, changed or clipped at another place than they should be."""

from __future__ import annotations

from gradtui.findings.over_time.sentence import Sentence

OF_GRADIENTS: dict[str, Sentence] = {
    "gradients are made small": Sentence(
        "clipping",
        "gradients are multiplied in place by {factor} on average, at every update ({count}), between backward and step",
        "look at what scales or clips them by hand, every time: a bound that is far too low; no fault where a sum is divided by "
        "its count",
    ),
    "backward of a loss twice": Sentence(
        "accumulation",
        "backward goes through the same loss again before the step, in {count} updates: each gradient is added once more and "
        "comes out twice as large; retain_graph=True lets that pass",
        "call backward() of each loss once for each step, and leave retain_graph=True away where no other loss shares its graph",
    ),
    "backward of a part before the whole": Sentence(
        "accumulation",
        "backward goes through this loss after it went through a part of it before the same step, in {count} updates: that part "
        "counts twice",
        "call backward() once, of the sum; no fault where that part is to count twice",
    ),
    "passes are left over": Sentence(
        "accumulation",
        "{usual} backward passes accumulate for a step, and {count} times the gradients of {passes} more were cleared before one "
        "took them: what is left at the end of an epoch is thrown away",
        "step once more at the end of each epoch, or call zero_grad() after step() alone, so that they count in the next one",
    ),
    "closure adds up": Sentence(
        "zero_grad",
        "the closure never calls zero_grad: each evaluation adds its gradient to those before, so the optimizer sees their sum",
        "call optimizer.zero_grad() first of all in the closure, before the loss and backward()",
    ),
    "gradients add up": Sentence(
        "zero_grad",
        "zero_grad is not called between the steps of {optimizer}: gradients add up to those before, in {count} of {of} updates",
        "call optimizer.zero_grad() once for each step, before backward()",
    ),
    "gradients of one optimizer add up": Sentence(
        "zero_grad",
        "{names}: zero_grad is not called between the steps of {optimizer}, which has these: their gradients add up to "
        "those of the updates before, and of all passes between, in {count} of {of} updates",
        "call zero_grad() of that optimizer too, once for each of its steps, before backward()",
    ),
    "gradients are carried on": Sentence(
        "zero_grad",
        "{names}: what a step of {optimizer} leaves in these gradients is changed in place and not cleared, and the next "
        "backward adds to it, in {count} of {of} updates: each step takes a sum over all updates before",
        "no fault where it is to decay, as momentum by hand does; else call zero_grad() once for each step, before backward()",
    ),
    "gradients of another loss": Sentence(
        "zero_grad",
        "{names}: {second} steps these by the gradients of two losses that add up: what the backward pass here left in them, "
        "after which {first} stepped, is still there when the pass of their own adds its gradient ({count} updates)",
        "call zero_grad() of {second} before its own backward, or detach() what the other loss takes of these (a GAN's fake); no "
        "fault where both losses are to move them",
    ),
    "gradients of some add up": Sentence(
        "zero_grad",
        "{names}: zero_grad is not called for these between the steps of {optimizer}, as it is for others: their gradients "
        "add up to those of the updates before, in {count} of {of} updates",
        "call zero_grad() of the optimizer, which clears all that it steps, not of a part of the model",
    ),
    "gradient is changed after the step": Sentence(
        "late_gradient",
        "gradients are set after the step that should use them, and thrown away by zero_grad before the next: each copy steps by "
        "its own gradient alone",
        "change gradients (average, clip, all_reduce) between backward() and step()",
    ),
    "clipped after the step": Sentence(
        "late_gradient",
        "gradients are clipped after the step that should use them: the step took them as they were, and clipping has no effect",
        "clip between backward() and step()",
    ),
    "cleared between passes": Sentence(
        "zero_grad",
        "zero_grad is called between the {count} backward passes of each step: the gradients of all but the last are thrown away",
        "call zero_grad() once for each step: after step(), or before the first of its backward passes",
    ),
    "not divided": Sentence(
        "accumulation",
        "the gradients of {count} backward passes accumulate for one step, and no loss is divided: where each is a mean, "
        "the gradient is {count} times that of the whole batch",
        "divide each loss by {count} (loss / {count}), or let the learning rate be meant for the sum",
    ),
    "always clipped": Sentence(
        "clipping",
        "gradients are clipped all along, at {count} of {of} updates, to a norm of {most}, on average {ratio} times less than "
        "what they are",
        "raise max_norm to about the norm that is seen (max_norm={norm}, say), or raise the learning rate knowingly",
    ),
    "clipped before backward": Sentence(
        "clipping",
        "clip_grad_norm_ is called before backward(), when there is no gradient to clip ({count} times): it has no effect, and "
        "the steps take the gradients as they are",
        "clip between backward() and step()",
    ),
    "nothing is clipped": Sentence(
        "clipping",
        "clip_grad_norm_ finds no gradient to clip, in what it is given none has one ({count} times), though backward() has run: "
        "it has no effect",
        "give it the parameters that learn: model.parameters() anew, as what parameters() gave is used up after one loop",
    ),
    "clipped while scaled": Sentence(
        "clipping",
        "gradients are clipped to a norm of {most} while the GradScaler's scale of {scale} is still in them, always ({count} of "
        "{of}): without it they are then at most {left}",
        "call scaler.unscale_(optimizer) between backward() and clip_grad_norm_",
    ),
    "always clipped to a value": Sentence(
        "clipping",
        "nearly every element of the gradients is clipped to {most}, at every update ({count}): of a gradient only its signs "
        "are left",
        "raise clip_value far above what gradients usually are, or clip by norm, which keeps their direction",
    ),
    "gradients of several optimizers add up": Sentence(
        "zero_grad",
        "{names}: zero_grad is not called between the steps of the {optimizers} optimizers which have these: their gradients add "
        "up to those of the updates before, in {count} of {of} updates",
        "call zero_grad() of each of them, once for each of its steps, before backward()",
    ),
    "gradients add up by hand": Sentence(
        "zero_grad",
        "{names}: .grad is not cleared between the updates by hand: each gradient adds up to those before, in {count} of {of} "
        "updates",
        "clear it once for each update, before backward(): w.grad.zero_() under torch.no_grad(), or w.grad = None",
    ),
}
