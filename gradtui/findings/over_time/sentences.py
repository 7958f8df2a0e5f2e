"""What is said of a fault over many updates, and what people do about it: the only place with words."""

from __future__ import annotations

from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.gradient_sentences import OF_GRADIENTS
from gradtui.findings.over_time.history import History
from gradtui.findings.over_time.model_sentences import OF_THE_MODEL
from gradtui.findings.over_time.sentence import Sentence
from gradtui.findings.words.whereabouts import at, gathered, quoted
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.numbers import number
from gradtui.snapshot.source import Source

SENTENCES: dict[str, Sentence] = {
    "loss is not finite": Sentence("nonfinite", "the loss is {what} {when}: {cause}", "{remedy}"),
    "loss is not finite, unseen": Sentence(
        "nonfinite",
        "the loss is {what} {when}; where that begins was not seen",
        "run the script with torch.autograd.set_detect_anomaly(True), or check the batch with isfinite() before the model",
    ),
    "loss is left out": Sentence(
        "nonfinite",
        "a loss is {what} here, which no step takes, and the training goes on: {cause}",
        "no fault where such a batch is left out knowingly; else: {remedy}",
    ),
    "gradient is not finite": Sentence(
        "nonfinite", "the gradient of {names} is {what} from here on, while the loss is finite: {cause}", "{remedy}"
    ),
    "gradient is not finite, unseen": Sentence(
        "nonfinite",
        "the gradient of {names} is {what} from here on, while the loss is finite; where that begins was not seen",
        "run the script with torch.autograd.set_detect_anomaly(True)",
    ),
    "raised": Sentence("inplace", "{cause}", "{remedy}"),
    "eps is lost": Sentence(
        "nonfinite",
        "the step of {optimizer} makes {names} nan, where weights and gradients are finite: they are {dtype}, in which eps="
        "{eps} rounds to 0, and where a gradient is 0, or its square is, the step is 0 / 0",
        "keep the weights in float32 and use autocast, or take a larger eps, 1e-4 say, that {dtype} holds",
    ),
    "step makes nan": Sentence(
        "nonfinite",
        "the step of {optimizer} makes {names} nan or infinite, where weights and gradients are finite: it goes beyond what "
        "{dtype} holds (learning rate {rate})",
        "take a smaller learning rate, or clip the gradients",
    ),
    "loss jumps": Sentence(
        "divergence",
        "the loss grows from {begin} at update {first} to {end} at update {last}{after}: a step went far too "
        "far (learning rate {rate}); then {cause}",
        "take a smaller learning rate, or clip the gradients (clip_grad_norm_)",
    ),
    "loss jumps by a batch": Sentence(
        "divergence",
        "the loss jumps from {begin} at update {first} to {end} at update {last}{after}, though the steps "
        "between changed the weights by {moved} of their norm only: the batch of update {last} is unlike those before; then "
        "{cause}",
        "look at that batch: units, outliers, labels, a missing division; clip gradients (clip_grad_norm_), so that no one batch "
        "throws the weights away",
    ),
    "loss spikes": Sentence(
        "divergence",
        "the loss jumps from {begin} at update {first} to {end} at update {last}, though the step between changed the weights by "
        "{moved} of their norm only: the batch of update {last} is unlike those before, or another loss is taken there",
        "look at that batch: units, outliers, labels, a missing division; clip gradients (clip_grad_norm_), so that no one batch "
        "throws the weights away",
    ),
    "softmax twice": Sentence("softmax_twice", "{cause}", "{remedy}"),
    "constant part": Sentence("constant", "{cause}", "{remedy}"),
    "loss grows": Sentence(
        "divergence",
        "the loss grows at every update, from {begin} to {end}, by a factor of {each} on average: the steps are too large, and "
        "each overshoots by more than the last (learning rate {rate})",
        "take a smaller learning rate, scale the inputs to about 1, or clip the gradients; where it grows at any rate, look at "
        "the sign of the steps (maximize=, += by hand)",
    ),
    "loss grows on average": Sentence(
        "divergence",
        "the loss grows from {begin} to {end}, by a factor of {each} an update on average: the steps are too large "
        "(learning rate {rate})",
        "take a smaller learning rate, scale the inputs to about 1, or clip the gradients",
    ),
    "loss grows ahead of the steps": Sentence(
        "divergence",
        "the loss grows from {begin} to {end}, by a factor of {each} an update on average, though by the gradients at their ends "
        "the steps do not go too far: it is another loss each time, and the weights come after it",
        "look at a weight in it that grows, data, targets or a state that grow; no fault where they are to",
    ),
    "loss grows by itself": Sentence(
        "divergence",
        "the loss grows from {begin} to {end}, by a factor of {each} an update on average, and the steps account for {share} of "
        "that at most: it is another loss each time",
        "look at a weight in it that grows, a sum over more and more data, data or a state that grow; no fault where a term is "
        "to count more and more",
    ),
    "step before backward": Sentence(
        "step_order",
        "no backward() comes right before step: in each of {steps} steps of {optimizer} no parameter has a gradient",
        "the order is zero_grad(), the loss, backward(), and then step()",
    ),
    "cleared before step": Sentence(
        "step_order",
        "zero_grad comes after backward and before step: in each of {steps} steps of {optimizer} no gradient is left",
        "the order is zero_grad(), the loss, backward(), and then step()",
    ),
    "made 0 before step": Sentence(
        "clipping",
        "what is done to gradients here, between backward and step, leaves nothing of them: in each of {steps} steps of "
        "{optimizer} all are 0",
        "look at the bound (a max_norm of 0 lets nothing through), the factor or the mask that they meet here",
    ),
    "gone before step": Sentence(
        "step_order",
        "what backward made is gone when step comes: in each of {steps} steps of {optimizer} no gradient is left",
        "look at what clears or changes .grad between backward() and step(); zero_grad() comes before the loss",
    ),
    "loss is a leaf": Sentence(
        "new_leaf",
        "backward starts from a tensor that no operation made, as torch.tensor(loss.item()) or loss.detach().requires_grad_() "
        "give one: its graph is gone, and in each of {steps} steps of {optimizer} no parameter has a gradient",
        "call backward() of the loss itself; item() and detach() are for what is printed",
    ),
    "never a step": Sentence(
        "step_order",
        "{names}: {optimizer} has these, and its step() is never called, though {passes} backward passes have given them a "
        "gradient: they never move",
        "call step() of that optimizer after backward(), with its parentheses; where it stands behind a condition, as for "
        "accumulation, look whether that ever holds: (i + 1) % n == 0",
    ),
    "old graph is changed": Sentence(
        "old_graph",
        "backward goes through the same old graph again, which was made once, before {step}, and keeps weights that this step "
        "has changed in place",
        "make the loss anew for each step, from the weights as they are: retain_graph=True does not do that",
    ),
    "step changed what is kept": Sentence(
        "inplace",
        "backward goes through a part of the graph that was made before {step}, and keeps weights that this step has changed in "
        "place",
        "call every backward() before the first step(), or make what the loss is made of anew after it, from the weights as they "
        "are; detach() a state that is carried over",
    ),
    "rate is set in name": Sentence(
        "learning_rate",
        "{place} is {set_to}, which {optimizer} does not look at: its steps go by the lr of its groups, {rate} in the end",
        "set it for each group: for group in optimizer.param_groups: group['lr'] = ...; or take a scheduler",
    ),
    "rate of some is 0": Sentence(
        "learning_rate",
        "{names}: the learning rate of their group of {optimizer} is 0, in all {steps} steps: they never move, as others do",
        "look at lr of each group (print optimizer.param_groups); no fault where these are to stay",
    ),
    "first step is empty": Sentence(
        "step_order",
        "the first step has no gradient: it comes before the first backward, so each later step takes the gradient of the "
        "update before",
        "the order is zero_grad(), the loss, backward(), and then step()",
    ),
    "rate is 0": Sentence(
        "learning_rate",
        "the learning rate of {optimizer} is 0 for {steps} steps: no parameter there moves",
        "give it a learning rate above 0, and look at what sets it: lr=, or a schedule",
    ),
    "rate is 0 by a schedule": Sentence(
        "learning_rate",
        "the learning rate of {optimizer} is 0 for {steps} steps, as its scheduler takes {made} times 0: nothing there moves",
        "look at the schedule's factor (LambdaLR, warm-up): an integer division // stays 0; print get_last_lr()",
    ),
    "rate is below 0": Sentence(
        "learning_rate",
        "the learning rate of {optimizer} is below 0 for {steps} steps, {now} in the end: each of them steps up, not down",
        "end the schedule where it comes to 0, max(0, 1 - step/steps), and count the steps that it is made for",
    ),
    "rate is next to 0": Sentence(
        "learning_rate",
        "the learning rate of {optimizer} has fallen from {top} to {now}, and is next to 0 for {steps} steps: hardly anything "
        "moves any more",
        "look at the schedule: scheduler.step() once for each epoch, or for each update, as its numbers are meant; "
        "ReduceLROnPlateau wants mode='min' for a loss",
    ),
    "scaler skips": Sentence(
        "skipped",
        "the GradScaler skips {skips} of {tries} steps: there are inf or nan in the gradients, at a scale of {scale} down to "
        "{last}",
        "look for what overflows in float16 without the scale, or use bfloat16, which needs no GradScaler",
    ),
    "scaler comes down": Sentence(
        "skipped",
        "the GradScaler skips the first {skips} of {tries} steps, as there are inf or nan in the gradients at a scale of {scale} "
        "down to {last}; below that it skips none",
        "no fault where that is but a small part of the training; else begin with a smaller init_scale",
    ),
    "scaler made anew skips": Sentence(
        "skipped",
        "a new GradScaler is made for each step, and {skips} of {tries} steps are skipped: gradients are inf at its first scale "
        "of {scale}, which never comes down as every new one begins there again",
        "make one GradScaler before the loop, so that update() can lower its scale; keep it over the whole training",
    ),
    "steps are tiny": Sentence(
        "learning_rate",
        "all {count} steps of {optimizer} together change the weights by {moved} of their norm, and the loss does not fall: at a "
        "learning rate of {rate} next to nothing is learned",
        "take a larger learning rate, by powers of 10; look whether the loss is scaled down",
    ),
    "loss sinks": Sentence(
        "divergence",
        "the loss falls below 0 at every update, from {begin} to {end}, by a factor of {each} on average: it has no least, and "
        "grows in size without end",
        "look at its sign, and at what bounds it from below: a squared error is to be made small, a log likelihood large",
    ),
    "two optimizers step it": Sentence(
        "stepped_twice",
        "{names}: two optimizers have it, {first} and {second}, and both step it with the same gradient, in {count} updates: it "
        "moves twice",
        "give each parameter to one optimizer; where each has a loss of its own, zero_grad and backward come between the steps",
    ),
    "old graph is used again": Sentence(
        "old_graph",
        "every backward goes through the same old graph again: {variable} was made once, before the updates that use it, and "
        "retain_graph=True hides it; it never sees the new weights",
        "make {variable} inside of the loop, from the weights as they are now, and leave retain_graph away",
    ),
    "graphs are kept": Sentence(
        "graph_kept",
        "the graphs of earlier updates are kept alive, {alive} of them by now: {variable} holds on to them, and memory grows "
        "with every update",
        "keep numbers, not tensors with a graph: loss.item(), or detach() it",
    ),
    "replaced after the optimizer": Sentence(
        "not_in_optimizer",
        "{names}: has a gradient, but is in no optimizer, so it never moves; {optimizer} holds {orphans} parameters that no "
        "module has any more: it was replaced after the optimizer was made",
        "make the optimizer after all modules are in place, or pass the new parameters with add_param_group",
    ),
    "another module in the optimizer": Sentence(
        "not_in_optimizer",
        "{names}: has a gradient, but is in no optimizer, so it never moves; {optimizer} holds {orphans} parameters of another "
        "module ({held}), which was not seen to run and gets no gradient",
        "make the optimizer of the parameters of the module that runs: after deepcopy, or whatever else makes it anew",
    ),
    "in no parameters()": Sentence(
        "not_in_optimizer",
        "{names}: has a gradient, but is in no optimizer, so it never moves: the module that runs it does not know of it, as "
        "one in a plain list, a dict or an object that is no nn.Module, and its parameters() are without it",
        "hold modules in nn.ModuleList or nn.ModuleDict, or in an nn.Module, and then make the optimizer",
    ),
    "in no optimizer": Sentence(
        "not_in_optimizer",
        "{names}: has a gradient, but is in no optimizer, so it never moves",
        "pass it to the optimizer (its parameters(), or add_param_group); if it is meant to stay, set requires_grad_(False)",
    ),
    "change is lost in a narrow dtype": Sentence(
        "lost_update",
        "{names}: has a gradient, and yet no step of {optimizer} changes it: it is {dtype}, and a change of about {rate} is too "
        "small, below half of what separates its numbers, so it is lost by rounding ({count} steps)",
        "keep the weights in float32 and use autocast, keep a float32 master copy, or take a larger learning rate",
    ),
    "change is lost": Sentence(
        "lost_update",
        "{names}: has a gradient, and yet no step of {optimizer} changes it, at a learning rate of {rate}: what is to be added "
        "is smaller than the last digit of its {dtype} numbers, or the optimizer adds nothing ({count} steps)",
        "take a larger learning rate, or look at what scales the update down",
    ),
    "decay alone moves it": Sentence(
        "decay",
        "{names}: weight decay alone moves it: its gradient is 0, or it has none, in all {count} steps, and weight_decay="
        "{decay} takes its norm from {before} to {after}",
        "leave it out of the optimizer or set its weight_decay to 0 as long as nothing of it goes into the loss",
    ),
    "decay eats the weights": Sentence(
        "decay",
        "weight decay eats the weights of {optimizer}: {names}: weight_decay={decay} at a learning rate of {rate} takes their "
        "norm from {before} to {after}, close to 0, whatever the gradient says",
        "take a far smaller weight_decay than {decay}; none for biases and norms",
    ),
    "moves without a gradient": Sentence(
        "decay",
        "{names}: moves in all {count} steps, though its gradient is 0, or it has none: by momentum, or a rule of its own",
        "leave it out of the optimizer as long as nothing of it goes into the loss",
    ),
    "frozen later": Sentence(
        "frozen",
        "{names}: has no gradient from here on: requires_grad was set to False, after it had been trained; it is frozen",
        "if that is meant, all is well; else set requires_grad to True for it, and look at the names that the loop goes by",
    ),
    "no gradient any more": Sentence("detached", "{names}: no gradient from here on: {cause}", "{remedy}"),
    "no gradient any more, unseen": Sentence(
        "unused",
        "{names}: has no gradient from here on, though it had one before: no backward pass reaches it any more",
        "look at what the forward pass does otherwise since then",
    ),
    "penalty alone": Sentence(
        "unused", "{names}: no gradient but that of a penalty, in any update: {cause}", "{remedy}"
    ),
    "penalty alone, unseen": Sentence(
        "unused",
        "{names}: the gradient has the direction of the weights themselves in every update: it is that of a penalty alone, and "
        "nothing else of the loss reaches them",
        "look where what they make goes; no fault where a penalty is all that is to move them",
    ),
    "never a gradient": Sentence("unused", "{names}: no gradient in any update: {cause}", "{remedy}"),
    "never a gradient, unseen": Sentence(
        "unused",
        "{names}: never has a gradient: no backward pass reaches it",
        "if that is meant, leave it out of the optimizer; else look where its result goes",
    ),
    "gradient is 0 for good": Sentence("dead", "{names}: the gradient is 0 from here on: {cause}", "{remedy}"),
    "gradient is 0 for good, unseen": Sentence(
        "zero",
        "{names}: its gradient is 0 from here on, though it was not before",
        "look at what the forward pass multiplies it by, or at units that are dead",
    ),
    "gradient is always 0": Sentence("zero", "{names}: the gradient is 0 in every update: {cause}", "{remedy}"),
    "gradient is always 0, unseen": Sentence(
        "zero",
        "{names}: its gradient is 0 in every update",
        "look at what the forward pass multiplies it by",
    ),
    "optimizer is made once more": Sentence(
        "optimizer_anew",
        "a new {optimizer} is made for the same parameters, {after} after the first: its state ({state}) starts from 0",
        "no fault where another phase of the training begins; else make the optimizer once, before the loop, and pass it in",
    ),
    "optimizer is made anew": Sentence(
        "optimizer_anew",
        "a new {optimizer} is made again and again for the same parameters, every {every} ({times} times): its state ({state}) "
        "starts from 0 each time",
        "make the optimizer once, before the loop over epochs, and pass it in",
    ),
    "state is emptied": Sentence(
        "optimizer_anew",
        "the state of {optimizer} ({state}) is emptied before the step of update {update}: it starts from 0 again",
        "no fault where another phase of the training begins; else leave optimizer.state, and load into it no state of before",
    ),
    "state is emptied again": Sentence(
        "optimizer_anew",
        "the state of {optimizer} ({state}) is emptied between its steps, every {every} ({times} times): it starts from 0 each "
        "time, as that of a new optimizer",
        "leave optimizer.state as it is over the whole training; load_state_dict only a state that was saved a step before",
    ),
    "written between steps": Sentence(
        "overwritten",
        "{names}: the weight is written over between two steps, {often}, not by the optimizer",
        "if that is not meant (an average that is copied in for a look, load_state_dict), keep a copy and put it back",
    ),
    **OF_GRADIENTS,
    **OF_THE_MODEL,
}


def told(fault: Fault, history: History) -> Finding:
    row, cause = SENTENCES[fault.row], fault.begun_by
    facts: dict[str, str] = {name: _said(fact) for name, fact in fault.facts.items()}
    if fault.facts.get("rate", 0.0) != fault.facts.get("rate", 0.0):  # of an update by hand nobody knows it
        facts["rate"] = "unknown"
    facts["names"] = gathered(fault.about, history.parameters) if fault.about else ""
    if cause is not None:
        facts |= {"cause": cause.text, "remedy": cause.remedy}
    evidence = cause.evidence if cause is not None else ()
    return Finding(
        kind=cause.kind if cause is not None else row.kind,
        phase=cause.phase if cause is not None else "backward",
        node=cause.node if cause is not None else None,
        text=row.text.format(**facts),
        remedy=row.remedy.format(**facts),
        parameter=fault.about[0] if fault.about else (cause.parameter if cause is not None else None),
        source=fault.source,
        evidence=(*evidence, *(fault.about if len(fault.about) > 1 else ())),
        certainty=fault.certainty,
        update=fault.update,
    )


def _said(fact: str | float | Source | None) -> str:
    if isinstance(fact, Source):
        return f"{quoted(fact)}{at(fact)}"
    return number(fact, 4) if isinstance(fact, int | float) else str(fact)
