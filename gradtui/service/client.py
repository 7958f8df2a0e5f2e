"""The asyncio side of the evaluation service: the newest request wins. Children are restarted by `supervised_child`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial

from msgspec.structs import replace

from gradtui.service.child_process import STARTUP, TITLE, ChildError
from gradtui.service.look_ahead import LookAhead
from gradtui.service.supervised_child import Child
from gradtui.snapshot import faults
from gradtui.snapshot.defaults import CALCULUS_SECONDS, OWN_SECONDS, SECONDS
from gradtui.snapshot.model import Problem, Request, Snapshot
from gradtui.snapshot.truth import Coefficients, Derivative

TORCH = (sys.executable, "-P", "-m", "gradtui.service")  # -P: a torch.py in the current folder is not torch
CALCULUS = (*TORCH, "--calculus")

GRACE = 5.0
"""The worker itself stops a user's function in the middle; so much later one is killed that does not let itself be stopped."""

REMEMBERED = 100
"""Expressions, each with the order of the derivative, that sympy was given up on and is not asked about again."""

OF_TAYLOR = 0
"""What stands for an order where Taylor's coefficients are asked for."""

Answers = Callable[[Request], AsyncGenerator[Snapshot, None]]
"""All that there is to say to a Request, each with more than the one before."""


class Service:
    """Evaluates Requests in a torch worker and a calculus worker, both child processes.

    `on_snapshot` is called on the event loop with each answer to `submit`: first without `derivative` where that is not
    known yet, then the very same with it. An answer to an older request never comes after one to a newer. A worker that is
    killed, hangs longer than `deadline` seconds or talks rubbish gives a Snapshot with `problem`, and is started again;
    where something befell it on the newest request, that is tried a second time.
    `function`: the one `model.py:loss` whose code the torch worker may run, and in how many `seconds`; it is not tried twice.
    """

    def __init__(
        self,
        on_snapshot: Callable[[Snapshot], None] = lambda snapshot: None,
        *,
        deadline: float = SECONDS,
        calculus_deadline: float = CALCULUS_SECONDS,
        startup: float = STARTUP,
        torch: Sequence[str] = TORCH,
        calculus: Sequence[str] = CALCULUS,
        function: str | None = None,
        seconds: float = OWN_SECONDS,
    ) -> None:
        self._on_snapshot = on_snapshot
        title, self._reads_code = TITLE, function is not None
        if function is not None:
            torch, deadline = (*torch, f"--function={function}", f"--seconds={seconds}"), seconds + GRACE
            title = f"the process that {function} ran in"
        self._torch = Child(torch, deadline=deadline, startup=startup, title=title)
        self._calculus = Child(calculus, deadline=calculus_deadline, startup=startup)
        self._torch_ahead, self._calculus_ahead = LookAhead(self._torch), LookAhead(self._calculus)
        self._for_torch: asyncio.Queue[Request] = asyncio.Queue(1)
        self._for_calculus: asyncio.Queue[Request] = asyncio.Queue(1)
        self._lanes: list[asyncio.Task[None]] = []
        self._evaluated: Snapshot | None = None
        self._derived: Snapshot | None = None
        self._report_due: tuple[int, asyncio.Handle] | None = None
        self._given_up: dict[tuple[str, int], Problem] = {}
        self._known: tuple[object, Snapshot] | None = None
        self._of_batch: Request | None = None

    async def start(self) -> None:
        """Start both children in the background; of code there is no symbolic derivative, and so no child for it."""
        self._torch.start()
        if not self._reads_code:
            self._calculus.start()
        evaluated = partial(_answers, self._torch_ahead)
        self._lanes = [
            asyncio.create_task(self._answer(self._for_torch, evaluated, self._take_evaluated)),
            asyncio.create_task(self._answer(self._for_calculus, self._derivations, self._take_derived)),
        ]
        await asyncio.sleep(0)  # let them fork: from here on they load by themselves, whatever else is done here

    def submit(self, request: Request) -> None:
        """Have `request` answered as soon as the one in flight is done; one that still waits is dropped."""
        is_of_batch = _is_of_batch(request)
        self._of_batch = request if is_of_batch else None
        _put(self._for_torch, request)
        if not is_of_batch:
            _put(self._for_calculus, request)

    def foresee(self, request: Request) -> None:
        """Have `request`, which is likely to be submitted next, answered where nothing else is. A person's code is not run so."""
        if request.origin == "expression" and self._for_torch.empty():
            self._torch_ahead.foresee(request)
            if not request.data:
                self._calculus_ahead.foresee(replace(request, orders=None))

    def interrupt(self) -> None:
        """Have a user's function that runs now stopped in the middle; its request is answered with that."""
        self._torch.interrupt()

    async def evaluate(self, request: Request) -> Snapshot:
        """The whole answer, with its derivative; it does not go to `on_snapshot`."""
        snapshot = await _last(_answers(self._torch_ahead, request))
        seen = _seen(request, snapshot)
        if snapshot.problem or seen is None:
            return snapshot
        return _merged(snapshot, await _last(self._derivations(seen)))

    async def close(self) -> None:
        """End both children and wait until they are gone."""
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)
        await asyncio.gather(self._torch_ahead.close(), self._calculus_ahead.close())
        await asyncio.gather(self._torch.close(), self._calculus.close())

    async def _answer(self, queue: asyncio.Queue[Request], answers: Answers, take: Callable[[Snapshot], None]) -> None:
        """Each request in its turn, until a newer one is there. An error of our own is the answer to its request."""
        while True:
            request = await queue.get()
            try:
                async with aclosing(answers(request)) as found:
                    async for snapshot in found:
                        take(snapshot)
                        if queue.full():
                            break
            except Exception as error:
                take(_refused(request, Problem("crash", f"an error within gradtui: {faults.told(error)}")))

    def _take_evaluated(self, snapshot: Snapshot) -> None:
        self._evaluated = snapshot
        if self._of_batch is not None and self._of_batch.id == snapshot.id:
            if (seen := _seen(self._of_batch, snapshot)) is not None:
                _put(self._for_calculus, seen)
            self._of_batch = None
        self._report()

    def _take_derived(self, snapshot: Snapshot) -> None:
        self._derived = snapshot
        if self._evaluated and self._evaluated.id == snapshot.id and not self._evaluated.problem:
            self._report()

    def _report(self) -> None:
        snapshot, derived = self._evaluated, self._derived
        assert snapshot is not None
        if derived and derived.id == snapshot.id and not snapshot.problem:
            snapshot = _merged(snapshot, derived)
        if self._report_due is not None and self._report_due[0] == snapshot.id:
            self._report_due[1].cancel()  # both children answered in one turn of the loop: once is enough
        # by way of the loop: an exception in the callback is the loop's to report, and no end of this lane
        self._report_due = snapshot.id, asyncio.get_running_loop().call_soon(self._on_snapshot, snapshot)

    async def _derivations(self, request: Request) -> AsyncGenerator[Snapshot, None]:
        """The derivative, then the same with Taylor's coefficients, the Hessian and the derivatives of higher orders, where they
        are asked for, each by itself: what takes too long for one leaves the others."""
        first = await self._derive(replace(request, orders=None))
        yield first
        if request.orders is None or not first.derivative:
            return
        orders, told = request.orders, [first.derivative]
        degree = orders.most if orders.degree is None else orders.degree
        exact = await self._derive(replace(request, orders=replace(orders, degree=degree)))
        for order in range(2, orders.most + 1):
            found = await self._derive(replace(request, orders=replace(orders, most=order, degree=None)))
            told.append(_merged(first, found).derivative or {})
        taylor = exact.taylor or Coefficients()
        yield replace(first, derivatives=tuple(told), taylor=taylor, exact_hessian=exact.exact_hessian)

    async def _derive(self, request: Request) -> Snapshot:
        """A Snapshot that holds the derivative, or the problem with it. Calculus reads expressions, not Python.

        Of the same function at the same point it is not asked again: only the window is another, or the cursor.
        """
        if request.origin != "expression":
            return Snapshot(request.id, request.expression, derivative={}, origin=request.origin)
        orders = request.orders
        order = 1 if orders is None else orders.most if orders.degree is None else OF_TAYLOR
        if problem := self._given_up.get((request.expression, order)):
            return _refused(request, problem)
        at = str(request.at)  # as text, in which -0.0 is not 0.0
        question = request.expression, at, request.names, request.data, request.dtype
        if order == 1 and self._known is not None and self._known[0] == question:
            return replace(self._known[1], id=request.id)
        snapshot = await _last(_answers(self._calculus_ahead, request))
        if snapshot.problem is None and order == 1:
            self._known = question, snapshot
        if snapshot.problem and snapshot.problem.kind == "timeout":
            if len(self._given_up) == REMEMBERED:
                self._given_up.clear()
            problem = Problem("timeout", f"it takes longer than {self._calculus.deadline:g} s")
            self._given_up[request.expression, order] = problem
            return _refused(request, problem)
        return snapshot


def _put(queue: asyncio.Queue[Request], request: Request) -> None:
    """In the place of one that waits."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(request)


def _is_of_batch(request: Request) -> bool:
    return bool(request.data) and request.training is not None and request.training.batches is not None


def _seen(request: Request, snapshot: Snapshot) -> Request | None:
    """Of the rows that torch's answer is of: which ones a minibatch has, its sampler alone knows. None where it does not tell."""
    if not _is_of_batch(request):
        return request
    if snapshot.training is None or not snapshot.training.updates:
        return None
    return request.of_rows(snapshot.training.updates[0].rows)


async def _answers(child: LookAhead, request: Request) -> AsyncGenerator[Snapshot, None]:
    """The answer. Where the child ended on the request, what happened, and then the answer of a second try."""
    for _ in range(2):
        try:
            answer = await child.ask(request)
            yield answer if request.origin == "expression" else replace(answer, printed=child.printed)
            return
        except ChildError as failure:
            yield replace(_refused(request, failure.problem), printed=child.printed)
            if not failure.again:
                return


async def _last(answers: AsyncGenerator[Snapshot, None]) -> Snapshot:
    return [snapshot async for snapshot in answers][-1]


def _refused(request: Request, problem: Problem) -> Snapshot:
    return Snapshot(
        request.id,
        request.expression,
        dtype=request.dtype,
        device=request.device,
        problem=problem,
        origin=request.origin,
    )


def _merged(snapshot: Snapshot, derived: Snapshot) -> Snapshot:
    if derived.derivative is not None:
        return replace(
            snapshot,
            derivative=derived.derivative,
            truth=derived.truth,
            derivatives=derived.derivatives,
            taylor=derived.taylor,
            exact_hessian=derived.exact_hessian,
        )
    why = derived.problem.message if derived.problem else "no answer"
    unknown = Derivative(None, note=f"not simplified: {why}")
    known = dict.fromkeys(snapshot.variables or snapshot.derivative or {}, unknown)
    return replace(snapshot, derivative=known, taylor=Coefficients())
