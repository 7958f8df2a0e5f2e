"""The child process: reads Requests, writes Snapshots, all in one thread: autograd counts sequence numbers in each."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import BinaryIO, Literal

from msgspec.structs import replace

from gradtui.service.memory_guard import free
from gradtui.service.not_started import damaged, gone, shortage
from gradtui.service.protocol import BrokenTextError, ProtocolError, Ready, read, whole, write
from gradtui.snapshot.defaults import OWN_SECONDS
from gradtui.snapshot.exception_text import said, unbroken
from gradtui.snapshot.model import Problem, Request, Snapshot

Answer = Callable[[Request], Snapshot]

PR_SET_PDEATHSIG = 1


def serve(
    worker: Literal["torch", "calculus"],
    *,
    memory: int | None = None,
    function: str | None = None,
    seconds: float = OWN_SECONDS,
) -> int:
    """Answer requests on the standard pipes until the input ends; the exit status.

    memory: most bytes to use. function: the one `model.py:loss` whose code may be run, and in how many seconds.
    """
    requests, answers = _take_pipes()
    _settle(memory)
    run_function = _only(function, seconds)
    try:
        try:
            answer = {"torch": _load_torch, "calculus": _load_calculus}[worker]()
        except BaseException as error:  # a damaged torch may raise anything
            write(answers, Ready(worker, problem=_start_problem(worker, error)))
            return 1
        write(answers, Ready(worker))
        while (request := read(requests, Request)) is not None:
            _write(answers, _guarded(answer if request.origin == "expression" else run_function, request))
    except BrokenPipeError:
        return 0
    except ProtocolError as error:
        print(f"gradtui.service: {error}", file=sys.stderr)
        return 1
    return 0


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes on descriptors of their own: what runs here may print (to stderr, then) and read (nothing)."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def _settle(memory: int | None) -> None:
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # ctrl+c in a terminal reaches every process of it, and belongs to the screen
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # it stops user code, and nothing else
    warnings.simplefilter("ignore")
    if sys.platform == "linux":  # elsewhere the end of stdin is noticed only between two requests
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if memory is not None and os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _load_torch() -> Answer:
    gc.disable()  # importing torch makes some 400,000 objects that stay: looking through them costs a tenth of the time
    from gradtui.engine.tensors.summaries import one_thread
    from gradtui.engine.training.evaluate import evaluate

    gc.freeze()
    gc.enable()
    # A person's own function has as many threads as anywhere: by another number a sum in bfloat16 has other digits.
    answer = one_thread()(evaluate)
    answer(Request(id=0, expression="x^2", at={"x": 1.0}))  # torch's first forward and backward take 20 ms
    return answer


def _load_calculus() -> Answer:
    from gradtui.calculus.derivative import derivatives
    from gradtui.calculus.exact_backward import truth

    def answer(request: Request) -> Snapshot:
        if request.orders is not None and request.orders.degree is not None:
            from gradtui.calculus import hessian, taylor

            told = Snapshot(request.id, request.expression, taylor=taylor.coefficients(request))
            return told if request.orders.most < 2 else replace(told, exact_hessian=hessian.hessian(request))
        if request.orders is not None:
            from gradtui.calculus import higher_orders

            return Snapshot(request.id, request.expression, derivative=higher_orders.derivatives(request))
        return Snapshot(request.id, request.expression, derivative=derivatives(request), truth=truth(request))

    answer(Request(id=0, expression="x^2", at={"x": 1.0}))
    return answer


def _only(function: str | None, seconds: float) -> Answer:
    """Runs the code of this one function, which a person named; whoever asks for another is refused."""

    def answer(request: Request) -> Snapshot:
        if request.origin != "function" or function is None or request.expression != unbroken(function):
            problem = Problem("name", "only the function that the command line names is run")
            return Snapshot(request.id, request.expression, problem=problem, origin=request.origin)
        from gradtui.engine.user.evaluate import evaluate

        return evaluate(replace(request, expression=function), seconds, free())

    return answer


def _start_problem(worker: str, error: BaseException) -> Problem:
    package, name = {"torch": ("torch", "PyTorch"), "calculus": ("sympy", "SymPy")}[worker]
    pip = f"{sys.executable} -m pip install"
    if isinstance(error, ModuleNotFoundError) and error.name == package:
        return Problem("crash", f"{name} is not installed: pip install {package}", hint=f"here: {pip} {package}")
    short = shortage()
    if _is_memory(error):
        return Problem("memory", f"there is not enough memory to load {name}", hint=short)
    elsewhere = _elsewhere(package)
    hint = elsewhere or short or gone() or damaged(package, name)
    return Problem("crash", f"{name} does not start: {_sentence(error)}", hint=hint)


def _elsewhere(package: str) -> str:
    """A hint where what is imported under the name of `package` is something else."""
    spec = find_spec(package)
    if spec is None or spec.origin is None or spec.submodule_search_locations:
        return ""
    return f"{spec.origin} is imported in its place: give that file another name"


def _guarded(answer: Answer, request: Request) -> Snapshot:
    """The answer, or a Snapshot with the problem: nothing that is evaluated may end the worker."""
    try:
        return answer(request)
    except BaseException as error:
        if _is_memory(error):
            problem = Problem("memory", "there is not enough memory to evaluate this")
        else:
            with suppress(Exception):  # what it says, and what it is about, may be a person's own
                traceback.print_exc()
            problem = Problem("crash", f"this could not be evaluated: {_sentence(error)}")
        return Snapshot(request.id, request.expression, dtype=request.dtype, device=request.device, problem=problem)


def _write(answers: BinaryIO, snapshot: Snapshot) -> None:
    """The answer, or that it is too large to be sent: the next request wants to be answered too."""
    try:
        write(answers, snapshot)
    except BrokenTextError:
        _write(answers, whole(snapshot))
    except ProtocolError as error:
        problem = Problem("limit", f"the answer cannot be sent: {error}", hint="shorten the vectors or the expression")
        write(answers, Snapshot(snapshot.id, snapshot.expression, problem=problem))


def _is_memory(error: BaseException) -> bool:
    """Python's own, torch's on an accelerator, the RuntimeError of torch's allocator on the CPU, the loader's of libraries."""
    signs = ("out of memory", "not enough memory", "allocate memory", "failed to map segment")
    return isinstance(error, MemoryError) or any(sign in said(error) for sign in signs)


def _sentence(error: BaseException) -> str:
    """The error as one line."""
    name = unbroken(type(error).__name__)
    lines = said(error).strip().splitlines()
    return f"{name}: {lines[0]}" if lines else name
