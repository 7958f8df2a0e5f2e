"""A Snapshot with updates -> a plain PyTorch script that trains the same, and prints the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from gradtui.expression.parser import ExpressionError, parse
from gradtui.report.python import NoScriptError, Writer, safe
from gradtui.report.training.file_script import file_script
from gradtui.report.training.start import in_one_go, start
from gradtui.snapshot.model import Device, Dtype, Snapshot, Values
from gradtui.snapshot.training import Training


def training_script(snapshot: Snapshot) -> str:
    """The text of a Python file that needs torch alone. Raises NoScriptError."""
    training = snapshot.training
    if snapshot.origin == "capture" or training is None:
        raise NoScriptError("a training script is written from a function; this is code that runs by itself")
    if not in_one_go(training):
        raise NoScriptError("changed on its way: .csv has it, no script makes it")
    if snapshot.origin == "function":
        return file_script(snapshot, training)
    every = {**{name: state.value for name, state in snapshot.variables.items()}, **snapshot.data, **start(training)}
    if any(values.summary is not None for values in every.values()):
        raise NoScriptError("a script has all numbers in it, and here are too many of them")
    try:
        expression = parse(snapshot.expression, tuple(every))
    except ExpressionError as error:
        raise NoScriptError(f"this is no expression: {error.message}") from None
    known = snapshot.dtype in get_args(Dtype) and snapshot.device in get_args(Device)
    if not known or not {*expression.variables, *training.trained} <= {*every}:
        raise NoScriptError("the values do not belong to this expression")
    writer = Writer(snapshot, expression)
    return "\n".join(_lines(snapshot, training, writer, every)) + "\n"


def _lines(snapshot: Snapshot, training: Training, writer: Writer, every: dict[str, Values]) -> Iterator[str]:
    yield from writer.head()
    for name, values in every.items():
        yield writer.tensor(name, values, leaf=name not in snapshot.data)
    trained = ", ".join(map(safe, training.trained))
    settings = "".join(f", {name}={value!r}" for name, value in training.optimizer.settings.items())
    yield f"optimizer = torch.optim.{training.optimizer.name}([{trained}]{settings})"
    yield "losses = []"
    columns = ", ".join(map(safe, snapshot.data))
    yield from ("", "", f"def f({columns}):")
    yield from (f"    {line}" for line in writer.operations())
    yield f"    result = torch.as_tensor({writer.result})"
    yield f"    return result.{'mean' if snapshot.data else 'sum'}() if result.ndim else result"
    yield from ("", "", f"def closure({columns}):")
    yield "    optimizer.zero_grad()"
    yield f"    loss = f({columns})"
    yield "    if loss.requires_grad:"
    yield "        loss.backward()"
    told = ", ".join(f"{safe(name)}.tolist(), {_gradient(name)}" for name in training.trained)
    yield f"    losses.append((loss.item(), {told}))"
    yield "    return loss"
    yield from ("", "")
    yield from _loop(snapshot, training, columns)


def _loop(snapshot: Snapshot, training: Training, columns: str) -> Iterator[str]:
    """The updates, each with f, then each variable and its gradient before it; then where the variables stand."""
    count = len(training.updates)
    names = tuple(map(safe, snapshot.data))
    if training.batches is not None and any(update.rows for update in training.updates):
        rows = f"len({names[0]})" if len(names) == 1 else f"min({', '.join(f'len({name})' for name in names)})"
        yield f"generator = torch.Generator().manual_seed({training.batches.seed})"
        yield f"sampler = torch.utils.data.RandomSampler(range({rows}), generator=generator)"
        size = training.batches.size
        yield f"batches = torch.utils.data.BatchSampler(sampler, {size}, drop_last=False)"
        yield "update = 0"
        yield f"while update < {count}:"
        yield "    for batch in batches:"
        yield f"        if update == {count}:"
        yield "            break"
        yield "        losses.clear()"
        yield f"        optimizer.step(lambda: closure({', '.join(f'{name}[batch]' for name in names)}))"
        yield "        print(update, *losses[0])"
        yield "        update += 1"
    else:
        yield f"for update in range({count}):"
        yield "    losses.clear()"
        yield f"    optimizer.step({f'lambda: closure({columns})' if columns else 'closure'})"
        yield "    print(update, *losses[0])"
    for name in training.trained:
        yield f'print("{name} =", {safe(name)}.tolist())'


def _gradient(name: str) -> str:
    return f"None if {safe(name)}.grad is None else {safe(name)}.grad.tolist()"
