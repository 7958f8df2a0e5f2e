"""Orders for the JSON contract."""

from __future__ import annotations

from gradtui.graph.hessian_digits import Believed, believed
from gradtui.graph.higher_orders import derivative_checks, why_fewer
from gradtui.graph.taylor_text import coefficients
from gradtui.report.json_graph import Json, graph, number, values
from gradtui.snapshot.model import Snapshot
from gradtui.snapshot.orders import Hessian, Jacobian, Order, Orders, Spectrum


def as_json(snapshot: Snapshot, orders: Orders) -> Json:
    """The keys `orders`, `taylor`, and where there are such `hessian` and `jacobian`."""
    told_of = coefficients(snapshot, orders)
    told: Json = {
        "orders": [_order(snapshot, order) for order in orders.orders],
        "taylor": [number(one.value) for one in told_of],
        "taylor_checks": [
            {"autograd": number(one.autograd), "calculus": number(one.calculus), "digits": one.digits}
            for one in told_of
        ],
        "taylor_along": {"variable": orders.along, "element": orders.element},
    }
    if why := why_fewer(orders):
        told["orders_notes"] = [why]
    if (judged := believed(snapshot)) is not None:
        told["hessian"] = _hessian(judged.hessian) | {"checks": _checks(judged)}
    if orders.jacobian:
        told["jacobian"] = {name: [list(map(number, row)) for row in one.rows] for name, one in orders.jacobian.items()}
        told["jacobian_rows"] = _shown(next(iter(orders.jacobian.values())))
    return told


def _order(snapshot: Snapshot, order: Order) -> Json:
    known = snapshot.derivatives[order.order - 1] if order.order <= len(snapshot.derivatives) else {}
    return {
        "order": order.order,
        "derivative": {name: one.text for name, one in known.items()},
        "notes": {name: one.note for name, one in known.items() if one.note},
        "value": {name: values(one) for name, one in order.values.items()},
        "checks": {
            name: {way: getattr(told, way) for way in ("autograd", "calculus", "differences", "digits", "text")}
            for name, told in derivative_checks(snapshot, order.order).items()
        },
        "graph": graph(order.graph),
    }


def _hessian(told: Hessian) -> Json:
    """Of a large one `row` says which row of it the matrix is, and `spectrum` between what its eigenvalues lie."""
    return {
        "variables": list(told.names),
        "matrix": [list(map(number, row)) for row in told.matrix],
        "eigenvalues": list(map(number, told.eigenvalues)) if told.eigenvalues else None,
        "directions": [list(map(number, one)) for one in told.directions],
        "row": told.row,
        "spectrum": None if told.spectrum is None else _spectrum(told.spectrum),
    }


def _checks(judged: Believed) -> Json | None:
    """autograd's own entries, and how many of their digits are right."""
    if not judged.digits:
        return None
    return {
        "autograd": [list(map(number, row)) for row in judged.autograd.matrix],
        "digits": [list(row) for row in judged.digits],
    }


def _spectrum(told: Spectrum) -> Json:
    return {
        "size": told.size,
        "lowest": number(told.lowest),
        "highest": number(told.highest),
        "products": told.products,
        "settled": told.settled,
        "shares": {name: number(share) for name, share in told.shares.items()},
    }


def _shown(told: Jacobian) -> Json:
    return {"first": told.first, "whole": told.whole}
