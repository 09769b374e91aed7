"""Inference that is laid out once: work with other numbers is done sooner, any other work is not taken for it."""

import pytest
import torch

from tidegate.kernels.library import library, reason
from tidegate.kernels.packing import PACKINGS
from tidegate.kernels.plan import described, placed
from tidegate.kernels.recurrence import CALLS, Work, forward, repeated

if library() is None:
    pytest.skip(reason(), allow_module_level=True)

T, B, I, H = 4, 5, 3, 6  # noqa: E741 (the axis letters of the house)
BLOCKS = {"elman_tanh": 1, "lstm": 4, "lstm_peephole": 4, "gru_after": 3, "gru_before": 3, "min_gru": 2}


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def weights_of(noun, dtype=torch.float64):
    rows, recurrent = BLOCKS[noun] * H, not noun.startswith("min_")
    shapes = ((rows, I), (rows, H) if recurrent else None, (rows,), (rows,) if recurrent else None)
    given = [None if shape is None else drawn(*shape, seed=at, dtype=dtype) for at, shape in enumerate(shapes)]
    return (*given, drawn(3, H, seed=9, dtype=dtype) if "peephole" in noun else None)


def work_of(noun="gru_after", weights=None, *, seed=5, batch=B, dtype=torch.float64):
    states = tuple(drawn(1, batch, H, seed=seed + at, dtype=dtype) for at in range(2 if "lstm" in noun else 1))
    own = weights_of(noun, dtype) if weights is None else weights
    return Work(noun, drawn(T, batch, I, seed=seed + 7, dtype=dtype), states, (own,))


def same(one, two):
    return all(map(torch.equal, (one.outputs, *one.states), (two.outputs, *two.states)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
@pytest.mark.parametrize("noun", BLOCKS)
def test_other_numbers_give_what_they_give_on_their_own(noun, dtype):
    first = work_of(noun, dtype=dtype)
    assert repeated(first) is None
    made = forward(first, keep=False)
    for seed in (5, 30, 60):
        other = work_of(noun, first.weights[0], seed=seed, dtype=dtype)
        counted = CALLS[f"{noun} forward"]
        again = repeated(other)
        assert CALLS[f"{noun} forward"] == counted + 1
        assert same(again, forward(work_of(noun, seed=seed, dtype=dtype), keep=False))
        assert again.saved == ()
        assert same(again, made) == (seed == 5)


def test_states_may_lie_anyhow():
    work = work_of()
    expected = forward(work, keep=False)
    loose = drawn(1, H, B).transpose(1, 2)
    loose.copy_(work.states[0])
    assert not loose.is_contiguous()
    assert same(repeated(work._replace(states=(loose,))), expected)


def other_works(work):
    """What differs in more than numbers, by what differs."""
    (weights,), (h,) = work.weights, work.states
    spaced = drawn(T, B, 2 * I)[..., ::2]
    turned = torch.complex(work.inputs, work.inputs).conj().imag
    tight = torch._neg_view(h)
    yield "cell", work._replace(noun="gru_before")
    yield "direction", work._replace(reverse=True)
    yield "two directions", work._replace(weights=(weights, weights_of("gru_after")), states=(torch.cat([h, h]),))
    yield "lengths", work._replace(lengths=torch.full((B,), T))
    yield "steps", work._replace(inputs=work.inputs[1:])
    yield "batch", work_of(weights=weights, batch=B + 1)
    yield "strides", work._replace(inputs=work.inputs.transpose(0, 1).contiguous().transpose(0, 1))
    yield "features apart", work._replace(inputs=spaced)
    yield "sign of the inputs", work._replace(inputs=turned)
    yield "sign of the state", work._replace(states=(tight,))
    yield "type", work_of(weights=weights, dtype=torch.float32)
    yield "type of the state", work._replace(states=(h.float(),))
    yield "kind of tensor", work._replace(inputs=torch.nn.Parameter(work.inputs))
    yield "device", work._replace(inputs=work.inputs.to("meta"))
    yield "layout", work._replace(states=(h.to_sparse(),))
    yield "no bias", work._replace(weights=((*weights[:2], None, None, None),))
    yield "a transposed weight", work._replace(weights=((weights[0], weights[1].t(), *weights[2:]),))
    yield "sign of a weight", work._replace(weights=((weights[0], torch._neg_view(weights[1]), *weights[2:]),))
    yield "a weight's place", work._replace(weights=((weights[0], weights[1].clone(), *weights[2:]),))
    yield "another first weight", work._replace(weights=((weights[0].clone(), *weights[1:]),))
    yield "a kind of weight", work._replace(weights=((torch.nn.Parameter(weights[0]), *weights[1:]),))


@pytest.mark.parametrize("which", [name for name, _ in other_works(work_of())])
def test_other_work_is_not_taken_for_it(which):
    work = work_of()
    forward(work, keep=False)
    assert repeated(work) is not None
    assert repeated(dict(other_works(work))[which]) is None


def test_another_number_of_threads_is_other_work():
    work, before = work_of(), torch.get_num_threads()
    forward(work, keep=False)
    try:
        torch.set_num_threads(before + 1)
        assert repeated(work) is None
    finally:
        torch.set_num_threads(before)
    assert repeated(work) is not None


def test_other_weights_are_laid_out_anew():
    work = work_of()
    before = forward(work, keep=False)
    work.weights[0][1].data[3, 2] += 1
    assert repeated(work) is None
    after = forward(work, keep=False)
    assert not same(after, before)
    assert same(repeated(work), after)
    assert same(
        after, forward(work_of(weights=tuple(w if w is None else w.clone() for w in work.weights[0])), keep=False)
    )


def test_what_is_kept_for_a_gradient_is_not_laid_out_ahead():
    work = work_of()
    forward(work, keep=True)
    assert repeated(work) is None
    assert PACKINGS.known(work.weights[0]) is None


def test_what_decides_beside_numbers_and_weights():
    inputs, h = drawn(T, B, I), drawn(1, B, H)
    assert described(inputs, (h,), beside=("a",)) == described(2 * inputs, (-h,), beside=("a",))
    assert described(inputs, (h,), beside=("a",)) != described(inputs, (h,), beside=("b",))
    assert described(inputs[:, :, ::2], (h,), beside=()) != described(inputs[:, :, :2].contiguous(), (h,), beside=())
    assert described(inputs, (torch.nn.Parameter(h),), beside=()) is None


def test_where_weights_stand():
    weights = weights_of("gru_after")
    assert placed(weights) == placed(weights)
    assert placed(weights)[4] is None
    assert placed(weights) != placed((*weights[:3], weights[3].clone(), None))
    assert placed((weights[0].t(), *weights[1:])) is None
