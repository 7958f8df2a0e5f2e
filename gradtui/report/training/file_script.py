"""Updates of a file's function -> a plain PyTorch script that imports it, trains the same, and prints the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradtui.report.python import NoScriptError, literal, safe
from gradtui.report.training.start import start
from gradtui.snapshot.model import Snapshot, Values
from gradtui.snapshot.training import Spelling, Training
from gradtui.snapshot.visible import visible

NORM = """

def norm(tensor):
    return float(torch.linalg.vector_norm(tensor.detach(), dtype=torch.float64))
"""
CLOSURE = """

def closure():
    optimizer.zero_grad()
    result = f()
    loss = result.sum() if result.ndim else result
    if loss.requires_grad:
        loss.backward()
    losses.append((loss.item(), *(shown for tensor in trained for shown in told(tensor))))
    return loss
"""


def file_script(snapshot: Snapshot, training: Training) -> str:
    """The text of a Python file that needs torch and the person's file. Raises NoScriptError."""
    spelling = training.spelling
    if spelling is None:
        raise NoScriptError(
            "no plain script: the function returns no single tensor, or what it trains has no name there"
        )
    return "\n".join(_lines(snapshot, training, spelling)) + "\n"


def _lines(snapshot: Snapshot, training: Training, spelling: Spelling) -> Iterator[str]:
    named = spelling.module.rpartition(".")[2] == Path(spelling.file).stem
    plain = named and all(part.isidentifier() for part in spelling.module.split("."))
    yield from () if plain else ("import importlib.util",)
    yield from ("import random", "import sys", "", "import torch", "")
    yield f"sys.path.insert(0, {spelling.folder!r})"
    yield from ("random.seed(0)", "torch.manual_seed(0)", 'if "numpy" in sys.modules:')
    yield '    sys.modules["numpy"].random.seed(0)'
    if plain:
        yield f"import {spelling.module} as user"
    else:
        yield f"spec = importlib.util.spec_from_file_location({spelling.module!r}, {spelling.file!r})"
        yield from ("user = importlib.util.module_from_spec(spec)", "spec.loader.exec_module(user)")
    yield ""
    if spelling.made:
        yield from ("before = torch.get_rng_state()", f"made = {spelling.made}", "torch.set_rng_state(before)")
    called = _call(snapshot, training, spelling)
    yield f"# {visible(' '.join(snapshot.expression.split()))}"
    every = {name: state.value for name, state in snapshot.variables.items()} | start(training)
    for name in called:
        if name not in spelling.values:
            yield _tensor(snapshot, name, every.get(name))
    names = (found or safe(name) for name, found in zip(training.trained, spelling.trained, strict=True))
    yield f"trained = [{', '.join(names)}]"
    settings = "".join(f", {name}={value!r}" for name, value in training.optimizer.settings.items())
    yield f"optimizer = torch.optim.{training.optimizer.name}(trained{settings})"
    yield "losses = []"
    yield NORM
    whole = training.updates[0].variables.keys() if training.updates else ()
    told = "tensor.tolist(), None if tensor.grad is None else tensor.grad.tolist()"
    if {*training.trained} - {*whole}:
        told = "norm(tensor), None if tensor.grad is None else norm(tensor.grad)"
    yield from ("", "def told(tensor):", f"    return {told}", "", "", "def f():")
    yield f"    return {spelling.function}({', '.join(called.values())})"
    yield CLOSURE
    yield from ("", f"for update in range({len(training.updates)}):", "    losses.clear()")
    yield from ("    optimizer.step(closure)", "    print(update, *losses[0])")
    yield f"for name, tensor in zip({list(training.trained)!r}, trained):"
    yield f'    print(name, "=", {"norm(tensor)" if "norm" in told else "tensor.tolist()"})'


def _call(snapshot: Snapshot, training: Training, spelling: Spelling) -> dict[str, str]:
    """What stands in the call for each argument."""
    every = (*snapshot.variables, *(name for name in training.arguments if name not in snapshot.variables))
    values = {name: safe(name) for name in every} | spelling.values
    called = {name: f"{name}={value}" for name, value in values.items()}
    if missing := [name for name in spelling.positional if name not in called]:
        raise NoScriptError(f"{missing[0]} has no name for who calls, and is no number")
    first = {name: values[name] for name in spelling.positional}
    return first | {name: text for name, text in called.items() if name not in first}


def _tensor(snapshot: Snapshot, name: str, values: Values | None) -> str:
    if values is None or values.summary is not None:
        raise NoScriptError(f"a script has all numbers in it, and {name} has too many of them")
    device = "" if snapshot.device == "cpu" else f", device={snapshot.device!r}"
    return f"{safe(name)} = torch.tensor({literal(values)}, dtype=torch.{snapshot.dtype}{device}, requires_grad=True)"
