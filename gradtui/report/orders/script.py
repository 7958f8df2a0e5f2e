"""The lines of a PyTorch script that differentiate again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.orders import Orders

HELPER = '''
def derivative(y, x, order, place):
    """The derivative of sum(y) by one element of x alone, so many times."""
    y = y.sum()
    for _ in range(order):
        if not y.requires_grad:
            return 0.0
        (slope,) = torch.autograd.grad(y, x, create_graph=True, allow_unused=True)
        if slope is None:
            return 0.0
        y = slope.reshape(-1)[place]
    return y.item()
'''


def lines(snapshot: Snapshot, orders: Orders, safe: Callable[[str], str]) -> Iterator[str]:
    """safe: the name that a variable has in the script. `f` is a tensor there, with its graph."""
    yield HELPER.rstrip()
    yield ""
    yield ""
    for order in orders.orders[1:]:
        for name in order.values:
            own = safe(name)
            each = f"[derivative(f, {own}, {order.order}, place) for place in range({own}.numel())]"
            yield f'print("order {order.order} by {name} alone:", {each})'
    own, powers = safe(orders.along), len(orders.taylor)
    each = f"[derivative(f, {own}, power, {orders.element}) / math.factorial(power) for power in range({powers})]"
    yield f'print("Taylor along {orders.along}:", {each})'
    if orders.hessian is not None:
        names = ", ".join(map(safe, snapshot.variables))
        yield f"slopes = torch.autograd.grad(f.sum(), [{names}], create_graph=True, materialize_grads=True)"
        yield "for slope in torch.cat([slope.reshape(-1) for slope in slopes]):"
        yield "    if slope.requires_grad:"
        yield (
            f"        row = torch.autograd.grad(slope, [{names}], retain_graph=True, allow_unused=True, materialize_grads=True)"
        )
        yield '        print("row of the Hessian:", torch.cat([one.reshape(-1) for one in row]).tolist())'
