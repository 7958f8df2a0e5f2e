"""What torch refuses inside of a trace: kind, line and name, as findings and as notes of torch's own exception."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

import gradtui
from gradtui.engine.capture import torch_refusals
from gradtui.snapshot.events import Raised
from tests.torch_version import VERSION

MARK = "# <- here"


def step_of_a_loop() -> None:
    cell, h = nn.GRUCell(2, 3), torch.zeros(1, 3)
    for _ in range(2):
        h = cell(torch.randn(1, 2), h)  # <- here
        h.pow(2).sum().backward()


def of_many_numbers() -> None:
    nn.Linear(3, 2)(torch.randn(4, 3)).backward()  # <- here


def leaf_written_over() -> None:
    w = torch.randn(3, requires_grad=True)
    w += 1  # <- here


def written_over_what_exp_saved() -> None:
    w = torch.randn(3, requires_grad=True)
    y = torch.exp(w)
    y[0] = 0  # <- here
    y.sum().backward()  # type: ignore[no-untyped-call]


def buffer_drawn_anew() -> None:
    noise, w = torch.zeros(3), torch.randn(3, requires_grad=True)
    total = torch.zeros(())
    for _ in range(2):
        noise.normal_()  # <- here
        total = total + (w * noise).sum()
    total.backward()  # type: ignore[no-untyped-call]


def mask_written_over() -> None:
    mask, w = torch.ones(3), torch.randn(3, requires_grad=True)
    y = (w * mask).sum()
    mask[0] = 0  # <- here
    y.backward()  # type: ignore[no-untyped-call]


def batch_filled_again() -> None:
    batch, layer = torch.ones(2, 3), nn.Linear(3, 1)
    y = layer(batch).sum()
    batch.copy_(torch.zeros(2, 3))  # <- here
    y.backward()


def table_scaled() -> None:
    table, w = torch.ones(2, 3), torch.randn(3, requires_grad=True)
    y = (table @ w).sum()
    with torch.no_grad():
        table *= 2  # <- here
    y.backward()  # type: ignore[no-untyped-call]


def of_inference_mode() -> None:
    with torch.inference_mode():
        features = torch.randn(4, 3) * 2  # <- here
    nn.Linear(3, 2)(features)


def of_what_is_not_used() -> None:
    w, v = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    torch.autograd.grad((w * 2).sum(), [v])  # <- here


def of_what_requires_none() -> None:
    w, v = torch.randn(3, requires_grad=True), torch.randn(3)
    torch.autograd.grad((w * v).sum(), [w, v])  # <- here


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, times: float) -> Tensor:
        return x * x * times

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return g


def of_too_few_gradients() -> None:
    Square.apply(torch.randn(3, requires_grad=True), 2.0).sum().backward()  # type: ignore[no-untyped-call]


class Turned(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, returned: Callable[[Tensor], Any]) -> Tensor:
        ctx.returned = returned
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        return ctx.returned(g)  # <- here


def of_gradients_in_another_order() -> None:
    Turned.apply(torch.ones(3, requires_grad=True), lambda g: (None, g)).sum().backward()  # type: ignore[no-untyped-call]


def of_a_number_for_a_gradient() -> None:
    Turned.apply(torch.ones(3, requires_grad=True), lambda g: (2.0, None)).sum().backward()  # type: ignore[no-untyped-call]


def of_an_array_for_a_gradient() -> None:
    Turned.apply(torch.ones(3, requires_grad=True), lambda g: (g.numpy(), None)).sum().backward()  # type: ignore[no-untyped-call]


def of_a_complex_gradient() -> None:
    Turned.apply(torch.ones(3, requires_grad=True), lambda g: (1j * g, None)).sum().backward()  # type: ignore[no-untyped-call]


def real_part_of_singular_vectors() -> None:
    w = torch.randn(3, 3, dtype=torch.complex64, requires_grad=True)
    u, _, _ = torch.linalg.svd(w)  # <- here
    u.real.sum().backward()


def imaginary_part_of_eigenvectors() -> None:
    w = torch.tensor([[0.0, 1.0], [-1.0, 0.5]], requires_grad=True)
    _, vectors = torch.linalg.eig(w)  # <- here
    vectors.imag.sum().backward()


def table_used_beside_its_bounded_rows() -> None:
    model = nn.Embedding(3, 2, max_norm=0.1)
    row = model.weight @ model(torch.tensor(0))
    (row.sum() + model(torch.tensor([1])).sum()).backward()  # <- here


def batch_of_one() -> None:
    nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))(torch.randn(1, 3))  # <- here


def clips_what_the_loss_does_not_reach() -> None:
    layer = nn.Linear(3, 2)
    torch.autograd.backward(layer(torch.ones(4, 3)).detach().sum().requires_grad_())
    nn.utils.clip_grad_value_(layer.parameters(), 0.5)  # <- here


def picture_of_one_pixel() -> None:
    nn.InstanceNorm2d(2)(torch.randn(1, 2, 1, 1))  # <- here


def scores_for_probabilities() -> None:
    scores = nn.Linear(3, 1)(torch.ones(4, 3)) - 9
    nn.functional.binary_cross_entropy(scores, torch.ones(4, 1))  # <- here


def label_that_counts_from_one() -> None:
    nn.functional.cross_entropy(nn.Linear(3, 4)(torch.randn(2, 3)), torch.tensor([1, 4]))  # <- here


def label_of_each_pixel() -> None:
    nn.NLLLoss()(nn.Conv2d(1, 4, 1)(torch.randn(2, 1, 2, 2)).log_softmax(1), torch.full((2, 2, 2), 7))  # <- here


def labels_in_a_column() -> None:
    nn.functional.cross_entropy(torch.zeros(3, 2, requires_grad=True), torch.zeros(3, 1, dtype=torch.long))  # <- here


def labels_beside_scores() -> None:
    scores, labels = torch.zeros(3, 1, requires_grad=True), torch.zeros(3)
    nn.functional.binary_cross_entropy_with_logits(scores, labels)  # <- here


def labels_with_fractions() -> None:
    nn.functional.cross_entropy(torch.zeros(3, 2, requires_grad=True), torch.zeros(3))  # <- here


def one_hot_labels_without() -> None:
    nn.functional.cross_entropy(torch.zeros(3, 2, requires_grad=True), torch.eye(3, 2, dtype=torch.long))  # <- here


def forgotten_channels() -> None:
    nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(36, 2))(torch.randn(2, 1, 8, 8))  # <- here


def matrix_by_a_short_vector() -> None:
    torch.ones(3, 4, requires_grad=True) @ torch.ones(3)  # <- here


def channels_last() -> None:
    nn.Conv2d(3, 4, 3)(torch.randn(2, 8, 8, 3))  # <- here


def sequence_of_other_features() -> None:
    nn.LSTM(4, 6)(torch.randn(5, 2, 3))  # <- here


def norm_of_other_features() -> None:
    nn.BatchNorm1d(6)(torch.randn(5, 4))  # <- here


def target_of_other_outputs() -> None:
    nn.functional.mse_loss(torch.ones(5, 3, requires_grad=True), torch.ones(2))  # <- here


def last_labels_missing() -> None:
    nn.functional.cross_entropy(torch.zeros(5, 2, requires_grad=True), torch.zeros(4, dtype=torch.long))  # <- here


def word_beyond_the_table() -> None:
    nn.Embedding(10, 3)(torch.tensor([1, 10]))  # <- here


def measured_words() -> None:
    nn.Embedding(10, 3)(torch.tensor([1.0, 2.0]))  # <- here


def element_beyond_the_end() -> None:
    torch.ones(3, requires_grad=True)[5]  # <- here


def labels_of_whole_numbers() -> None:
    scores = torch.zeros(3, requires_grad=True)
    nn.functional.binary_cross_entropy_with_logits(scores, torch.ones(3, dtype=torch.long))  # <- here


def probabilities_beside_labels() -> None:
    nn.functional.binary_cross_entropy(torch.full((3, 1), 0.5, requires_grad=True), torch.ones(3))  # <- here


def batch_that_is_smaller() -> None:
    torch.ones(5, 6, requires_grad=True).view(8, 6)  # <- here


def view_of_a_transpose() -> None:
    torch.ones(5, 6, requires_grad=True).t().view(-1)  # <- here


def other_rows_beside() -> None:
    torch.cat([torch.ones(3, 2, requires_grad=True), torch.ones(2, 3)], 1)  # <- here


def stack_of_other_lengths() -> None:
    torch.stack([torch.ones(3, requires_grad=True), torch.ones(2)])  # <- here


def truth_of_several() -> None:
    w = torch.ones(3, requires_grad=True)
    if w > 0:  # <- here
        w.sum()


def data_elsewhere() -> None:
    nn.Linear(3, 2)(torch.ones(4, 3, device="meta"))  # <- here


def picture_of_doubles() -> None:
    nn.Conv2d(1, 4, 3)(torch.zeros(2, 1, 8, 8, dtype=torch.float64))  # <- here


def rows_of_other_length() -> None:
    nn.LayerNorm(8)(torch.ones(2, 6, requires_grad=True))  # <- here


def batches_of_matrices() -> None:
    torch.ones(4, 3, 5, requires_grad=True) @ torch.ones(4, 4, 2)  # <- here


def attention_of_other_features() -> None:
    x = torch.ones(5, 2, 12)
    nn.MultiheadAttention(16, 2)(x, x, x)  # <- here


def pictures_without_channels() -> None:
    nn.Conv2d(1, 2, 3)(torch.ones(8, 28))  # <- here


def pictures_for_rows() -> None:
    nn.BatchNorm1d(3)(torch.ones(2, 3, 4, 4))  # <- here


def kernel_beyond_the_picture() -> None:
    nn.Conv2d(1, 2, 9)(torch.ones(2, 1, 5, 5))  # <- here


def state_of_another_batch() -> None:
    nn.GRU(3, 4)(torch.ones(5, 2, 3), torch.zeros(1, 6, 4))  # <- here


def classes_in_the_end() -> None:
    scores, labels = torch.zeros(8, 5, 3, requires_grad=True), torch.zeros(8, 5, dtype=torch.long)
    nn.functional.cross_entropy(scores, labels)  # <- here


def weights_of_another_model() -> None:
    nn.Linear(4, 5).load_state_dict(nn.Linear(4, 3).state_dict())  # <- here


def array_of_doubles() -> None:
    nn.Linear(3, 2)(torch.zeros(4, 3, dtype=torch.float64))  # <- here


def counts_its_calls() -> None:
    calls = [0]
    layer, x = nn.Linear(3, 3), torch.ones(2, 3, requires_grad=True)

    def block(x: Tensor) -> Tensor:
        calls[0] += 1
        return torch.relu(layer(x)[:, : calls[0]])  # <- here

    checkpoint(block, x, use_reentrant=False).sum().backward()


def saves_more_when_it_runs_again() -> None:
    seen: list[int] = []
    layer, x = nn.Linear(3, 3), torch.ones(2, 3, requires_grad=True)

    def block(x: Tensor) -> Tensor:
        seen.append(1)
        for _ in seen:
            x = torch.tanh(layer(x))
        return x if len(seen) > 1 else x * 1  # <- here

    with set_checkpoint_early_stop(False):
        y = checkpoint(block, x, use_reentrant=False)
    y.sum().backward()


@pytest.mark.parametrize(
    ("step", "how", "named"),
    [
        (step_of_a_loop, "freed", "h"),
        (of_many_numbers, "not_scalar", ""),
        (leaf_written_over, "leaf_inplace", "w"),
        (written_over_what_exp_saved, "inplace", ""),
        (buffer_drawn_anew, "inplace", ""),
        (mask_written_over, "inplace", ""),
        (batch_filled_again, "inplace", ""),
        (table_scaled, "inplace", ""),
        (of_inference_mode, "inference", "features"),
        (of_what_is_not_used, "unused", "v"),
        (of_what_requires_none, "not_asked", "v"),
        (of_too_few_gradients, "count", ""),
        (of_gradients_in_another_order, "misplaced", ""),
        (of_a_number_for_a_gradient, "no_tensor", "float"),
        (of_an_array_for_a_gradient, "no_tensor", "numpy.ndarray"),
        (of_a_complex_gradient, "complex_gradient", ""),
        (real_part_of_singular_vectors, "phase", ""),
        (imaginary_part_of_eigenvectors, "phase", ""),
        (table_used_beside_its_bounded_rows, "inplace", ""),
        (batch_of_one, "one_value", ""),
        (picture_of_one_pixel, "one_pixel", ""),
        (clips_what_the_loss_does_not_reach, "nothing_to_clip", ""),
        (scores_for_probabilities, "not_probabilities", "scores"),
        (label_that_counts_from_one, "no_class", ""),
        (label_of_each_pixel, "no_class", ""),
        (labels_in_a_column, "target_shape", ""),
        (labels_beside_scores, "target_shape", ""),
        (labels_with_fractions, "target_dtype", ""),
        (one_hot_labels_without, "target_dtype", ""),
        (array_of_doubles, "two_dtypes", "Double and Float"),
        (picture_of_doubles, "two_dtypes", "double and float"),
        (forgotten_channels, "features", ""),
        (matrix_by_a_short_vector, "features", ""),
        (channels_last, "features", ""),
        (sequence_of_other_features, "features", ""),
        (norm_of_other_features, "features", ""),
        (target_of_other_outputs, "sizes_apart", ""),
        (last_labels_missing, "examples_apart", ""),
        (word_beyond_the_table, "no_row", ""),
        (measured_words, "index_dtype", ""),
        (element_beyond_the_end, "no_element", ""),
        (labels_of_whole_numbers, "whole_result", ""),
        (probabilities_beside_labels, "target_shape", ""),
        (batch_that_is_smaller, "no_view", ""),
        (view_of_a_transpose, "strides", ""),
        (other_rows_beside, "joined", ""),
        (stack_of_other_lengths, "joined", ""),
        (truth_of_several, "ambiguous", ""),
        (data_elsewhere, "devices", ""),
        (rows_of_other_length, "features", ""),
        (batches_of_matrices, "features", ""),
        (attention_of_other_features, "features", ""),
        (pictures_without_channels, "dimensions", ""),
        (pictures_for_rows, "dimensions", ""),
        (kernel_beyond_the_picture, "too_small", ""),
        (state_of_another_batch, "state_size", ""),
        (classes_in_the_end, "classes_apart", ""),
        (weights_of_another_model, "other_weights", ""),
        (counts_its_calls, "recomputed", ""),
        (saves_more_when_it_runs_again, "recomputed", ""),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_what_torch_refuses(step: Callable[[], None], how: str, named: str) -> None:
    if how == "inplace" and VERSION < (2, 10):
        pytest.skip("the line that wrote over what a node keeps is not seen before torch 2.10")
    with (
        pytest.raises((RuntimeError, ValueError, IndexError, TypeError, AssertionError)) as caught,
        gradtui.trace() as trace,
    ):
        step()
    (finding,) = trace.findings
    assert finding.certainty == "proved"
    assert [finding.text in note for note in caught.value.__notes__] == [True]
    told = trace._trace.failed
    assert told is not None
    assert told.problem is not None
    raised = told.problem.raised
    assert isinstance(raised, Raised)
    assert (raised.how, raised.holder or raised.tensor) == (how, named)
    of_turned = raised.how in ("misplaced", "no_tensor", "complex_gradient")
    lines, first = inspect.getsourcelines(Turned.backward if of_turned else step)
    marked = [first + place for place, line in enumerate(lines) if MARK in line]
    if marked:
        assert finding.source is not None
        assert finding.source.line == marked[0]


NUMBERS: dict[Callable[[], None], tuple[int, int]] = {
    forgotten_channels: (144, 36),
    matrix_by_a_short_vector: (3, 4),
    channels_last: (8, 3),
    sequence_of_other_features: (3, 4),
    norm_of_other_features: (4, 6),
    target_of_other_outputs: (3, 2),
    last_labels_missing: (5, 4),
    word_beyond_the_table: (10, 10),
    element_beyond_the_end: (5, 3),
    rows_of_other_length: (6, 8),
    batches_of_matrices: (5, 4),
    attention_of_other_features: (12, 16),
    state_of_another_batch: (6, 2),
}
"""What comes, and what is taken, as the code above has it."""


@pytest.mark.parametrize("step", NUMBERS, ids=lambda step: step.__name__)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_the_numbers_that_do_not_fit(step: Callable[[], None]) -> None:
    with pytest.raises((RuntimeError, ValueError, IndexError, AssertionError)), gradtui.trace() as trace:
        step()
    assert [one.kind for one in trace.findings] == ["refused"]
    told = trace._trace.failed
    assert told is not None
    assert told.problem is not None
    raised = told.problem.raised
    assert raised is not None
    assert (raised.count, raised.needed) == NUMBERS[step]


def test_a_layer_that_is_given_another_size_is_named() -> None:
    net = nn.Sequential(nn.Linear(3, 5), nn.Linear(4, 2))
    with pytest.raises(RuntimeError, match="multiplied"), gradtui.trace(net) as trace:
        net(torch.ones(2, 3))
    assert "1.weight" in trace.findings[0].text


def test_nan_among_probabilities_is_told_as_nan() -> None:
    w = torch.zeros(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="between 0 and 1"), gradtui.trace() as trace:
        nn.functional.binary_cross_entropy(torch.log(w - 1), torch.ones(3))
    assert [one.kind for one in trace.findings] == ["domain"]
    assert "logarithm" in trace.findings[0].text


def test_a_decomposition_of_what_went_bad_names_where_it_did() -> None:
    w = torch.ones(3, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="converge"), gradtui.trace() as trace:
        torch.linalg.svdvals(w / (w - w))
    (finding,) = trace.findings
    assert finding.kind == "pole"
    assert "data" not in finding.text


def test_an_exception_of_another_kind_is_left_alone() -> None:
    with pytest.raises(ValueError, match="own") as caught, gradtui.trace() as trace:
        raise ValueError("of the person's own")
    assert trace.findings == ()
    assert not hasattr(caught.value, "__notes__")


def test_backward_of_what_was_cut_off_names_the_cut() -> None:
    model = nn.Linear(3, 4)
    with pytest.raises(RuntimeError, match="does not require grad"), gradtui.trace(model) as trace:
        model(torch.randn(4, 3)).argmax(1).float().mean().backward()
    assert {one.kind for one in trace.findings} == {"not_differentiable"}


@pytest.mark.parametrize(("calls", "is_found"), [(100, True), (3000, False)])
def test_bad_numbers_are_looked_for_in_the_innermost_calls(calls: int, is_found: bool) -> None:
    """Of a recursion without end: to look through a million calls would take longer than they took."""

    def call(within: int) -> None:
        if within:
            call(within - 1)
        raise ValueError("at the end")

    def step() -> None:
        spoilt = torch.tensor(torch.nan)
        assert spoilt.isnan()
        call(calls)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        with pytest.raises(ValueError, match="at the end") as caught:
            step()
    finally:
        sys.setrecursionlimit(before)
    assert bool(torch_refusals.bad_tensors(caught.value)) == is_found
