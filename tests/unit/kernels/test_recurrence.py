"""Forward and backward on tensors: threads, processes, memory and how arrays lie; the numbers have their own oracle.

Axis letters: T time, B batch, I inputs, H hidden units, D directions.
"""

import gc
import math
import multiprocessing
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tidegate.kernels.buffers import BUFFERS, IDLE_BYTES
from tidegate.kernels.library import library, reason
from tidegate.kernels.recurrence import CALLS, ROLES, Made, Wanted, Work, backward, forward

if library() is None:
    pytest.skip(reason(), allow_module_level=True)

BLOCKS = {
    "elman_tanh": 1,
    "elman_relu": 1,
    "elman_sigmoid": 1,
    "lstm": 4,
    "lstm_peephole": 4,
    "lstm_coupled": 3,
    "lstm_peephole_coupled": 3,
    "gru_after": 3,
    "gru_before": 3,
    "gru_absent": 2,
    "min_gru": 2,
    "min_gru_positive": 2,
    "min_lstm": 3,
    "min_lstm_positive": 3,
    "min_lstm_normalised": 3,
    "min_lstm_positive_normalised": 3,
}
"""Row blocks of the weights of each cell, by the name that the kernels have for it."""

SIZES = (11, 57, 5, 21)  # T, B, I, H: enough work for several threads, in several groups of rows
WIDE = (3, 97, 203, 140)  # eight groups, and sums of weights of more than a mebibyte
TYPES = {"double": torch.float64, "single": torch.float32}


class Draw:
    def __init__(self, seed=0, dtype=torch.float64):
        self.generator, self.dtype = torch.Generator().manual_seed(seed), dtype

    def __call__(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64).to(self.dtype)


def shapes_of(noun, n_inputs, n_hidden):
    """Return the shape of each weight in the order of `ROLES`; None for what the cell does not have."""
    rows = BLOCKS[noun] * n_hidden
    recurrent = not noun.startswith("min_")
    peepholes = ((2 if "coupled" in noun else 3), n_hidden) if "peephole" in noun else None
    return (
        (rows, n_inputs),
        (rows, n_hidden) if recurrent else None,
        (rows,),
        (rows,) if recurrent else None,
        peepholes,
    )


def work_of(noun, sizes=SIZES, *, directions=2, lengths=True, recompute=False, dtype=torch.float64):
    draw = Draw(dtype=dtype)
    steps, n_sequences, n_inputs, n_hidden = sizes
    weights = tuple(
        tuple(
            None if shape is None else draw(*shape) / shape[-1] ** 0.5 for shape in shapes_of(noun, n_inputs, n_hidden)
        )
        for _ in range(directions)
    )
    states = tuple(draw(directions, n_sequences, n_hidden) for _ in range(2 if noun.startswith("lstm") else 1))
    given = torch.randint(0, steps + 1, (n_sequences,), generator=draw.generator) if lengths else None
    return Work(noun, draw(steps, n_sequences, n_inputs), states, weights, given, recompute=recompute)


def everything(work):
    return Wanted(True, (True,) * len(work.states), ((True,) * len(ROLES),) * len(work.weights))


def flows_of(made, seed=5):
    draw = Draw(seed, made.outputs.dtype)
    return draw(*made.outputs.shape), tuple(draw(*state.shape) for state in made.states)


def flat(made, gradients):
    """Return every tensor of results and gradients."""
    weights = [gradient for direction in gradients.weights for gradient in direction]
    tensors = [made.outputs, *made.states, gradients.inputs, *gradients.states, *weights]
    return [tensor for tensor in tensors if tensor is not None]


def both_ways(work, wanted=None):
    made = forward(work, keep=True)
    return flat(made, backward(work, made, flows_of(made), wanted or everything(work)))


def assert_same_bits(one, two):
    assert len(one) == len(two)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(one, two, strict=True))
    assert all(bool(ours.isfinite().all()) for ours in one)


@pytest.fixture
def threads():
    """torch's own setting, restored afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "recomputed"])
@pytest.mark.parametrize("noun", BLOCKS)
def test_any_number_of_threads_gives_the_same_bits(threads, noun, recompute, dtype):
    same_for_any_number_of(threads, work_of(noun, recompute=recompute, dtype=TYPES[dtype]))


def test_any_number_of_threads_gives_the_same_bits_of_wide_weights(threads):
    same_for_any_number_of(threads, work_of("gru_after", WIDE))


def same_for_any_number_of(threads, work):
    threads(1)
    alone = both_ways(work)
    for count in (2, 3, 4):
        threads(count)
        assert_same_bits(both_ways(work), alone)


def test_wide_weights_are_summed_in_few_parts_where_there_are_few_steps(monkeypatch):
    take, lent = BUFFERS.take, []  # each part has sums of its own: 8 of 4,850 steps of all rows, 4 of 291
    monkeypatch.setattr(BUFFERS, "take", lambda *asked: lent.append(asked) or take(*asked))
    works = [work_of("gru_after", (steps, *WIDE[1:]), directions=1, lengths=False) for steps in (WIDE[0], 50)]
    for work in works:
        both_ways(work)
    few, many = [shape[0] for shape, dtype, *_ in lent if dtype is torch.uint8][1::2]
    sums = sum(weight.nbytes for weight in works[0].weights[0] if weight is not None)
    assert 3.9 * sums < many - few < 4.2 * sums


def watched(work):
    """Return results and gradients, and beside them what is watched of each direction."""
    made = forward(work, keep=True)
    gradients = backward(work, made, flows_of(made), everything(work)._replace(margin=0.2))
    return flat(made, gradients), [tensor for told in gradients.watched for tensor in told]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("noun", BLOCKS)
def test_watching_changes_no_bit_and_is_the_same_for_any_number_of_threads(threads, noun, dtype):
    work = work_of(noun, dtype=TYPES[dtype])
    threads(1)
    results, told = watched(work)
    assert_same_bits(results, both_ways(work))
    n_gates, n_states = BLOCKS[noun], len(work.states)
    assert [tuple(tensor.shape) for tensor in told] == [(n_states, SIZES[0]), (n_gates, 2, SIZES[0])] * 2
    assert all(bool((squares > 0).all()) for squares in told[::2])
    threads(3)
    assert_same_bits(watched(work)[1], told)


def filled(shape, dtype, value):
    """Return a tensor each byte of which is `value`."""
    return torch.full((math.prod(shape) * dtype.itemsize,), value, dtype=torch.uint8).view(dtype).view(shape)


def test_what_is_watched_is_written_throughout(monkeypatch):
    """Steps that no sequence reaches are 0 whatever lay in memory."""
    monkeypatch.setattr(BUFFERS, "take", lambda shape, dtype, least=0: filled(shape, dtype, 255))
    work = work_of("lstm")
    work = work._replace(lengths=work.lengths.clamp(max=4))
    squares, near = watched(work)[1][:2]
    assert not squares[:, 4:].any()
    assert not near[..., 4:].any()
    assert near[..., :4].any()


def test_threads_of_python_do_not_meet(threads):
    """Layers of many kinds at the same time, each with threads of its own."""
    threads(2)
    works = [work_of(noun, recompute=bool(k % 2)) for k, noun in enumerate(BLOCKS)]
    alone = [both_ways(work) for work in works]
    with ThreadPoolExecutor(6) as pool:
        for expected, made in zip(alone * 3, pool.map(both_ways, works * 3), strict=True):
            assert_same_bits(made, expected)


@pytest.mark.parametrize("noun", BLOCKS)
def test_inference_is_the_forward_pass_of_training(noun):
    work = work_of(noun)
    kept, made = forward(work, keep=True), forward(work, keep=False)
    assert made.saved == ()
    assert_same_bits([made.outputs, *made.states], [kept.outputs, *kept.states])


@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "recomputed"])
@pytest.mark.parametrize("noun", BLOCKS)
def test_nothing_is_read_that_was_not_written(monkeypatch, noun, recompute):
    """Memory comes with any contents: once all NaN, once all zero."""

    made = []
    for value in (0, 255):
        monkeypatch.setattr(BUFFERS, "take", lambda shape, dtype, least=0, value=value: filled(shape, dtype, value))
        made.append(both_ways(work_of(noun, recompute=recompute)))
    assert_same_bits(*made)


@pytest.mark.parametrize("noun", ["lstm_peephole", "gru_after", "gru_before", "min_lstm_normalised"])
def test_memory_is_used_up_to_its_end_and_no_further(monkeypatch, noun):
    """What lies behind a piece stays as it is."""
    lent = []

    def take(shape, dtype, least=0):
        n_bytes = math.prod(shape) * dtype.itemsize
        piece = torch.full((n_bytes + 128,), 0x5A, dtype=torch.uint8)
        lent.append((piece, n_bytes))
        return piece[:n_bytes].view(dtype).view(shape)

    monkeypatch.setattr(BUFFERS, "take", take)
    for sizes in (SIZES, (3, 1, 1, 1), (2, 8, 17, 16), (4, 49, 3, 33)):
        for dtype in TYPES.values():
            for recompute in (False, True):
                both_ways(work_of(noun, sizes, recompute=recompute, dtype=dtype))
    assert len(lent) > 16
    assert all(bool((piece[n_bytes:] == 0x5A).all()) for piece, n_bytes in lent)


def test_only_what_is_wanted_is_made():
    work = work_of("lstm_peephole")
    made = forward(work, keep=True)
    nothing = ((False,) * len(ROLES), (True, *[False] * 4))
    found = backward(work, made, flows_of(made), Wanted(False, (False, True), nothing))
    assert found.inputs is None
    assert found.states[0] is None
    assert found.states[1].shape == work.states[1].shape
    assert found.weights[0] == (None,) * 5
    assert [gradient is None for gradient in found.weights[1]] == [False, True, True, True, True]


@pytest.mark.parametrize("noun", ["lstm", "gru_after", "min_gru"])
def test_no_gradient_of_the_results_is_none_at_all(noun):
    """All is 0 where nothing depends on the results."""
    work = work_of(noun)
    made = forward(work, keep=True)
    found = backward(work, made, (None, (None,) * len(work.states)), everything(work))
    assert not any(bool(tensor.any()) for tensor in flat(made, found)[1 + len(made.states) :])


LAYOUTS = {
    "batch first": lambda values: values.transpose(0, 1).contiguous().transpose(0, 1),
    "features apart": lambda values: torch.stack([values, -values], -1)[..., 0],
    "reversed axes": lambda values: values.permute(2, 1, 0).contiguous().permute(2, 1, 0),
    "behind another": lambda values: torch.cat([-values[:1], values])[1:],
    "with the sign turned": lambda values: torch.complex(values, -values).conj().imag,
}


@pytest.mark.parametrize("sizes", [SIZES, (4, 3, 1, 1)], ids=["many", "one"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("noun", ["lstm_peephole", "gru_after", "gru_before", "min_gru"])
def test_how_arrays_lie_in_memory_changes_no_bit(noun, layout, sizes):
    plain = work_of(noun, sizes, directions=1)
    change = LAYOUTS[layout]
    assert torch.equal(change(plain.inputs), plain.inputs)
    laid = plain._replace(
        inputs=change(plain.inputs),
        states=tuple(map(change, plain.states)),
        weights=tuple(
            tuple(weight if weight is None or weight.dim() < 2 else change(weight[None])[0] for weight in direction)
            for direction in plain.weights
        ),
    )
    made = forward(plain, keep=True)
    outputs, states = flows_of(made)
    expected = flat(made, backward(plain, made, (outputs, states), everything(plain)))
    again = forward(laid, keep=True)
    flows = change(outputs), tuple(map(change, states))
    assert_same_bits(flat(again, backward(laid, again, flows, everything(laid))), expected)


def test_expanded_arrays_are_their_copies():
    plain = work_of("gru_after")
    one = plain.inputs[:1, :, :]
    spread = plain._replace(inputs=one.expand_as(plain.inputs))
    copied = plain._replace(inputs=spread.inputs.contiguous())
    assert_same_bits(both_ways(spread), both_ways(copied))
    made = forward(plain, keep=True)
    flow = torch.randn(1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = [
        flat(made, backward(plain, made, (given, (None,)), everything(plain)))
        for given in (flow.expand_as(made.outputs), flow.expand_as(made.outputs).contiguous())
    ]
    assert_same_bits(*found)


@pytest.mark.parametrize("noun", BLOCKS)
def test_an_empty_batch_has_gradients_of_zero(noun):
    made = both_ways(work_of(noun, (4, 0, 3, 5), lengths=False))
    assert made[0].shape == (4, 0, 10)
    assert not any(bool(tensor.any()) for tensor in made)
    assert len(made) > 4


def test_a_long_sequence_of_one():
    work = work_of("gru_after", (4000, 1, 2, 3), lengths=False)
    made = both_ways(work)
    assert all(bool(tensor.isfinite().all()) for tensor in made)
    halves = forward(
        work._replace(inputs=work.inputs[:1000], weights=work.weights[:1], states=(work.states[0][:1],)), keep=False
    )
    torch.testing.assert_close(halves.outputs, made[0][:1000, :, :3], rtol=0, atol=1e-14)


@pytest.mark.parametrize("sizes", [(2**20, 2**20, 1, 1), (2**31, 2**31, 1, 8), (2**40, 2**20, 1, 4)])
def test_sizes_beyond_any_memory_are_refused_in_torchs_words(sizes):
    steps, n_sequences, n_inputs, n_hidden = sizes
    small = work_of("lstm", (1, 1, n_inputs, n_hidden), lengths=False)
    states = tuple(state.expand(2, n_sequences, n_hidden) for state in small.states)
    work = small._replace(inputs=small.inputs.expand(steps, n_sequences, n_inputs), states=states)
    with pytest.raises(RuntimeError, match=r"memory|overflow|alloc"):
        forward(work, keep=True)


@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "recomputed"])
def test_memory_comes_back(recompute):
    """What forward kept and what both worked in waits for its next use when the results are gone, and is found then."""
    BUFFERS.clear()
    work = work_of("lstm", (40, 64, 8, 32), recompute=recompute)
    made = forward(work, keep=True)
    while_kept = BUFFERS.idle_bytes
    backward(work, made, flows_of(made), everything(work))
    del made
    gc.collect()
    after = BUFFERS.idle_bytes
    assert while_kept < after <= IDLE_BYTES
    for _ in range(3):
        both_ways(work)
    assert BUFFERS.idle_bytes == after
    BUFFERS.clear()


def test_computing_gates_again_keeps_less():
    kept, less = (forward(work_of("lstm", recompute=way), keep=True).saved for way in (False, True))
    assert 4 * sum(piece.numel() for piece in less) < sum(piece.numel() for piece in kept)


def test_the_counter_counts_what_ran():
    before = Counter(CALLS)
    both_ways(work_of("gru_before"))
    forward(work_of("min_gru"), keep=False)
    assert Counter(CALLS) - before == {"gru_before forward": 1, "gru_before backward": 1, "min_gru forward": 1}


def test_backward_reads_what_hooks_hand_back():
    """Copies, also where they do not lie as the originals did."""
    work = work_of("lstm")
    made = forward(work, keep=True)
    flows = flows_of(made)
    expected = flat(made, backward(work, made, flows, everything(work)))
    moved = Made(made.outputs.mT.contiguous().mT, made.states, tuple(piece.clone()[None][0] for piece in made.saved))
    assert_same_bits(flat(made, backward(work, moved, flows, everything(work))), expected)


def run_and_send(end, work):
    end.send([tensor.numpy() for tensor in both_ways(work)])


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
MULTITHREADED = "ignore:This process .* is multi-threaded:DeprecationWarning"


@forks
@pytest.mark.filterwarnings(MULTITHREADED)
def test_a_forked_process_neither_hangs_nor_differs(threads):
    """After this process has begun to use several threads, whose pool the other one does not have."""
    threads(4)
    work = work_of("gru_after")
    expected = both_ways(work)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=run_and_send, args=(theirs, work))
    process.start()
    try:
        assert ours.poll(60), "the forked process hangs"
        assert_same_bits([torch.from_numpy(array) for array in ours.recv()], expected)
        process.join(60)
        assert process.exitcode == 0
    finally:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
    assert_same_bits(both_ways(work), expected)
