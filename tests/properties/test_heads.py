"""Heads tell quantiles in their order, whatever numbers a network makes."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.nn.heads import HEADS, QUANTILES, head, table

NUMBERS = st.floats(-1e6, 1e6, width=32)
ANY = st.floats(width=32, allow_nan=False, allow_infinity=False)
UNITS = st.floats(1e-3, 1e3)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(ANY, min_size=len(QUANTILES), max_size=len(QUANTILES)), UNITS)
def test_learned_quantiles_never_cross(numbers, unit):
    made = torch.tensor(numbers, dtype=torch.float32)[None, None]
    for quantiles in (head("quantiles").quantiles(made), table(head("quantiles"), made, torch.tensor([[unit]]))):
        low, high = quantiles[..., :-1], quantiles[..., 1:]
        assert bool((low <= high).all())  # also where both are infinite


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(HEADS), st.lists(NUMBERS, min_size=7, max_size=7), UNITS)
def test_no_tables_cross(name, numbers, unit):
    made = torch.tensor(numbers[: head(name).width], dtype=torch.float32)[None, None]
    found = table(head(name), made, torch.tensor([[unit]]))
    assert bool(found.isfinite().all())
    assert bool((found.diff(dim=-1) >= 0).all())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from(HEADS),
    st.lists(st.floats(-50, 50, width=32), min_size=7, max_size=7),
    st.lists(st.floats(1e-5, 1 - 1e-5), min_size=2, max_size=6),
    UNITS,
)
def test_any_quantiles_are_in_order(name, numbers, chances, unit):
    made = torch.tensor(numbers[: head(name).width], dtype=torch.float64)[None, None]
    at = [torch.tensor([[chance]], dtype=torch.float64) for chance in sorted(chances)]
    found = torch.cat([head(name).at(made, chance, torch.tensor([[unit]], dtype=torch.float64)) for chance in at])
    assert bool((found.diff(dim=0) >= -1e-12 * found.abs().max()).all())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(HEADS), st.lists(NUMBERS, min_size=7, max_size=7), st.integers(0, 10**6), UNITS)
def test_losses_and_their_gradients_are_finite(name, numbers, count, unit):
    leaf = torch.tensor(numbers[: head(name).width], dtype=torch.float32)[None, None].requires_grad_()
    loss = head(name).loss(leaf, torch.tensor([[count / unit]], dtype=torch.float32), torch.tensor([[unit]]).float())
    loss.sum().backward()
    assert bool(loss.isfinite().all())
    assert bool(leaf.grad.isfinite().all())
