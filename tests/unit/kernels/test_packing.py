"""Weights packed once: used again while they are the same, byte by byte, and never when they are not."""

import ctypes
import gc

import pytest
import torch

from tidegate.kernels.library import library, reason
from tidegate.kernels.packing import Packings
from tidegate.kernels.structure import WEIGHTS, Layer

if library() is None:
    pytest.skip(reason(), allow_module_level=True)

INPUTS, HIDDEN = 3, 21
PEEPHOLE_LSTM = ((4 * HIDDEN, INPUTS), (4 * HIDDEN, HIDDEN), (4 * HIDDEN,), (4 * HIDDEN,), (3, HIDDEN))


def drawn(seed=0, dtype=torch.float64, shapes=PEEPHOLE_LSTM):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes)


class Kernel:
    """One cell's operations; it counts them, and keeps where the weights stood that were packed."""

    def __init__(self, noun="lstm_peephole", dtype=torch.float64):
        self.noun, self.suffix = noun, "f32" if dtype is torch.float32 else "f64"
        self.names, self.packed_from = [], []

    def __call__(self, operation):
        function = library().function(f"tidegate_{self.noun}_{operation}_{self.suffix}")

        def counted(*arguments):
            self.names.append(operation)
            if operation == "pack":
                way = arguments[0]._obj.direction[0]
                self.packed_from.append({getattr(way, field) for field in WEIGHTS} - {None})
            return function(*arguments)

        return counted


def laid_out(weights, hidden=HIDDEN):
    layer = Layer(inputs=weights[0].shape[1], hidden=hidden, directions=1, threads=1)
    for field, weight in zip(WEIGHTS, weights, strict=True):
        setattr(layer.direction[0], field, None if weight is None else weight.data_ptr())
    return layer


def find(packings, weights, kernel=None, kind="any", hidden=HIDDEN):
    return packings.find(laid_out(weights, hidden), weights, kernel or Kernel(), kind=kind)


def packed_at_once(weights, kernel):
    layer, sizes = laid_out(weights), (ctypes.c_int64 * 4)()
    kernel("sizes")(ctypes.byref(layer), sizes)
    packed = torch.empty(sizes[3], dtype=weights[0].dtype)
    kernel("pack")(ctypes.byref(layer), ctypes.c_void_p(packed.data_ptr()))
    return packed


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
def test_weights_are_packed_once_while_they_are_the_same(dtype):
    packings, weights, kernel = Packings(), drawn(dtype=dtype), Kernel(dtype=dtype)
    first = find(packings, weights, kernel)
    assert find(packings, weights, kernel) is first
    assert packings.known(weights) is first
    assert kernel.names.count("pack") == 1
    others = (*weights[:2], *[weight.clone() for weight in weights[2:]])  # as where they are computed in every call
    assert find(packings, others, kernel) is first
    assert first.matches(laid_out(weights))
    fresh = find(Packings(), drawn(dtype=dtype), kernel)
    used = packed_at_once(weights, kernel).numel() - sum(weight.numel() for weight in weights) - 64
    assert torch.equal(first.packed[:used], fresh.packed[:used])


@pytest.mark.parametrize("which", range(len(WEIGHTS)), ids=WEIGHTS)
def test_a_change_of_any_weight_is_seen(which):
    """Of its first and its last entry, by the least there is, behind the back of torch's own records."""
    for entry in (0, -1):
        packings, weights = Packings(), drawn()
        before = find(packings, weights)
        kept = before.packed.clone()
        version = weights[which]._version
        values = weights[which].data.view(-1)
        values[entry] = torch.nextafter(values[entry], values.new_tensor(torch.inf))
        assert weights[which]._version == version
        assert not before.matches(laid_out(weights))
        after = find(packings, weights)
        assert after is not before
        assert find(packings, weights) is after
        assert torch.equal(before.packed.view(torch.int64), kept.view(torch.int64))  # someone may be reading it
        assert len(packings) == 1


def test_a_sign_of_zero_is_a_change_and_no_number_is_none():
    packings, weights = Packings(), drawn()
    weights[2][3], weights[3][5] = 0.0, torch.nan
    before = find(packings, weights)
    assert find(packings, weights) is before
    weights[2][3] = -0.0
    assert find(packings, weights) is not before


def test_weights_are_packed_from_a_copy():
    """Another thread that writes them meanwhile could otherwise leave new ones to compare beside old ones to read."""
    weights, kernel = drawn(), Kernel()
    find(Packings(), weights, kernel)
    assert len(kernel.packed_from[0]) == len(weights)
    assert not kernel.packed_from[0] & {weight.data_ptr() for weight in weights}


def test_equal_weights_of_two_layers_are_packed_apart():
    packings, one, two = Packings(), drawn(), drawn()
    assert find(packings, one) is not find(packings, two)
    assert len(packings) == 2
    one[0].mul_(2)
    again = find(packings, two)
    assert again is packings.known(two)
    assert again.matches(laid_out(two))
    assert not again.matches(laid_out(one))


def test_what_else_decides_how_weights_are_packed():
    packings, weights = Packings(), drawn()
    before = find(packings, weights)
    assert find(packings, weights, kind="other") is not before
    no_bias = (weights[0], weights[1], None, None, weights[4])
    plain = find(packings, no_bias)
    assert find(packings, no_bias) is plain
    halves = [weights[0], None, weights[2], weights[3]]
    one, two = ((halves[0], weights[1], *biases, weights[4]) for biases in ((halves[2], None), (None, halves[2])))
    assert find(packings, one) is not find(packings, two)
    smaller = drawn(shapes=((8, 3), (8, 2), (8,), (8,), (3, 2)))
    weights[0].data = smaller[0]
    assert find(packings, (weights[0], *smaller[1:]), hidden=2).packed.numel() < before.packed.numel()


def test_they_go_with_their_weights():
    packings, weights = Packings(), drawn()
    find(packings, weights)
    n_bytes = packings.n_bytes
    assert n_bytes > sum(weight.nbytes for weight in weights)
    find(packings, drawn(1))  # gone at once
    gc.collect()
    assert packings.n_bytes == n_bytes
    del weights
    gc.collect()
    assert len(packings) == packings.n_bytes == 0


def test_what_is_known():
    """Weights by where they are: another tensor on the same memory is the same, and any weight can be swapped."""
    packings, weights = Packings(), drawn()
    found, (first, recurrent, *rest) = find(packings, weights), weights
    assert packings.known((first.detach(), recurrent.detach(), *drawn(1)[2:])) is found
    others = (recurrent, first.clone(), first.to("meta"), first.to_sparse())
    assert [packings.known((other, recurrent, *rest)) for other in others] == [None] * 4
    assert [packings.known((first, other, *rest)) for other in (None, *others[1:])] == [None] * 4
    torch.utils.swap_tensors(first, drawn(1)[0])
    assert packings.known(weights) is None


def test_layers_that_share_their_input_weights_do_not_disturb_each_other():
    packings, one, two = Packings(), drawn(), drawn()
    two = (one[0], *two[1:])
    found = [find(packings, weights) for weights in (one, two)]
    assert [find(packings, weights) for weights in (one, two)] == found


def test_there_are_only_so_many():
    """Those in use stay; those that nobody asks for any more make way."""
    packings, layers = Packings(most=2), [drawn(seed) for seed in range(3)]
    found = [find(packings, weights) for weights in layers]
    assert [packings.known(weights) for weights in layers] == [*found[:2], None]
    for _ in range(5):
        newest = find(packings, layers[2])
        assert packings.known(layers[1]) is found[1]
    assert packings.known(layers[2]) is newest
    assert packings.known(layers[0]) is None
    packings.clear()
    assert len(packings) == 0


def test_they_take_only_so_much_memory():
    n_bytes = find(Packings(), drawn()).packed.nbytes
    packings, layers = Packings(most_bytes=2 * n_bytes), [drawn(seed) for seed in range(3)]
    for weights in layers:
        find(packings, weights)
    assert packings.n_bytes == 2 * n_bytes
    assert packings.known(layers[2]) is None
    assert find(Packings(most_bytes=n_bytes - 1), layers[0]) is None
