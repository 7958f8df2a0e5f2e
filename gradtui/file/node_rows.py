"""Nodes and parameters of a .gradtui file as rows that point into its tables: see `gradtui.file.pieces`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Index = Annotated[int, Meta(ge=0)]


class EdgeRow(Struct, frozen=True, array_like=True, gc=False):
    target: Index | None
    input: Index = 0
    grad: Index = 0
    local: float | None = None
    constant: Index = 0
    source: Index = 0


class SavedRow(Struct, frozen=True, array_like=True, gc=False):
    """text: what stands for a value that is no tensor, where `value` is 0."""

    name: Index
    value: Index = 0
    text: Index = 0


class NodeRow(Struct, frozen=True, array_like=True, gc=False):
    name: Index
    shape: Index
    dtype: Index
    device: Index
    sequence: int | None
    step: Index | None
    edges: tuple[EdgeRow, ...] = ()
    value: Index = 0
    grad_output: Index = 0
    source: Index = 0
    variable: Index = 0
    module: Index = 0
    call: Index = 0
    note: Index = 0
    tangent: Index = 0
    saved: tuple[SavedRow, ...] = ()
    inside: tuple[Index, ...] = ()
    order: Index = 0
    made_by: Index | None = None
    kept: Index | None = None


class ParameterRow(Struct, frozen=True, array_like=True, gc=False):
    name: Index
    value: Index
    grad: Index
    dtype: Index
    device: Index
    node: Index | None = None
    requires_grad: bool = True
    registered: bool | None = None
    within: bool = False
    attribute: bool = False
    is_parameter: bool = False
