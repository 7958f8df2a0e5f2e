"""Why there are fewer derivatives than were asked for, where that is a limit of ours: no finding, which is of f."""

from __future__ import annotations

from gradtui.snapshot.orders import Orders


def limit(orders: Orders) -> str:
    """A sentence; empty where there is no such limit."""
    if orders.ended != "too_large":
        return ""
    return f"there is no derivative of order {len(orders.orders) + 1}: {orders.reason}; ask for a lower order"
