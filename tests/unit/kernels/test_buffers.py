import copy
import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tidegate.kernels.buffers import BUFFERS, IDLE_BYTES, Buffers

LARGE = 2**17  # bytes; smaller pieces than half of it come from torch's allocator


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.uint8])
@pytest.mark.parametrize("count", [0, 1, 100, LARGE, LARGE + 1, 2**22 + 1])
def test_size_type_and_alignment(dtype, count):
    made = Buffers().take((count,), dtype)
    assert made.shape == (count,)
    assert made.dtype is dtype
    assert made.data_ptr() % 64 == 0
    made.fill_(1)
    assert int((made == 1).sum()) == count


def test_a_tensor_of_any_shape_is_like_others():
    made = Buffers().take((3, LARGE, 2), torch.float32)
    assert made.shape == (3, LARGE, 2)
    assert made.is_contiguous()
    assert not made._is_view()
    weight = torch.ones(2, requires_grad=True)
    made.zero_().mul_(weight)
    made.sum().backward()
    assert torch.equal(copy.deepcopy(made.detach()), made)
    assert made.detach().share_memory_().is_shared()


def test_less_than_asked_for_is_fresh():
    buffers = Buffers()
    del (piece := [buffers.take((LARGE,), torch.uint8, LARGE + 1)])[:]
    assert not piece
    assert buffers.idle_bytes == 0


def test_what_is_let_go_is_used_again():
    buffers = Buffers()
    first = buffers.take((LARGE,), torch.uint8)
    place = first.data_ptr()
    assert buffers.idle_bytes == 0
    del first
    assert buffers.idle_bytes == LARGE
    again = buffers.take((LARGE // 8,), torch.float64)
    assert again.data_ptr() == place
    assert buffers.idle_bytes == 0


def test_what_is_held_is_not():
    buffers = Buffers()
    first = buffers.take((LARGE,), torch.uint8)
    part = first[5:9].view(2, 2)
    place = first.data_ptr()
    del first
    assert buffers.idle_bytes == 0
    second = buffers.take((LARGE,), torch.uint8)
    assert second.data_ptr() != place
    part.fill_(3)
    del part, second
    assert buffers.idle_bytes == 2 * LARGE


def test_the_smallest_that_is_large_enough_is_taken_unless_it_is_twice_as_large():
    buffers = Buffers()
    pieces = {n: buffers.take((n * LARGE,), torch.uint8) for n in (4, 3, 9)}
    places = {n: piece.data_ptr() for n, piece in pieces.items()}
    pieces.clear()
    third = buffers.take((2 * LARGE + 1,), torch.uint8)
    assert third.data_ptr() == places[3]
    fourth = buffers.take((2 * LARGE + 1,), torch.uint8)
    assert fourth.data_ptr() == places[4]
    assert buffers.take((2 * LARGE + 1,), torch.uint8).data_ptr() != places[9]


def test_small_pieces_do_not_wait():
    buffers = Buffers()
    buffers.take((10,), torch.float32)
    assert buffers.idle_bytes == 0


def test_what_waits_is_bounded_and_the_oldest_goes_first():
    buffers = Buffers(idle_bytes=3 * LARGE)
    held = [buffers.take((LARGE + n,), torch.uint8) for n in range(4)]
    places = [piece.data_ptr() for piece in held]
    for _ in places:
        held.pop(0)
    assert buffers.idle_bytes == 2 * LARGE + 5  # of the last two
    assert buffers.take((LARGE + 2,), torch.uint8).data_ptr() == places[2]


def test_clear():
    buffers = Buffers()
    buffers.take((LARGE,), torch.uint8)
    assert buffers.idle_bytes == LARGE
    buffers.clear()
    assert buffers.idle_bytes == 0


@pytest.mark.parametrize("count", [10, LARGE])
def test_it_is_memory_of_the_cpu_whatever_the_default(count):
    with torch.device("meta"):
        assert Buffers().take((count,), torch.float32).device.type == "cpu"


def test_too_much_is_refused_in_torchs_words():
    with pytest.raises(RuntimeError, match=r"alloc|memory"):
        Buffers().take((2**60,), torch.uint8)


def test_any_thread_asks_and_lets_go():
    """What one holds no other gets: each fills its piece and finds it so later."""
    buffers = Buffers(idle_bytes=8 * LARGE)

    def work(mark):
        for turn in range(60):
            piece = buffers.take((LARGE + 64 * ((mark + turn) % 5),), torch.uint8)
            piece.fill_(mark)
            if int(piece.min()) != mark or int(piece.max()) != mark:
                return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(12)))
    assert 0 < buffers.idle_bytes <= 8 * LARGE


def test_a_piece_may_come_back_while_another_is_asked_for():
    """As the garbage collector may do it, in the midst of asking."""
    buffers = Buffers()
    with buffers._lock:
        ring = [buffers_piece(buffers)]
        ring.append(ring)
        del ring
        gc.collect()
    assert buffers.idle_bytes == LARGE


def buffers_piece(buffers):
    lock, buffers._lock = buffers._lock, threading.Lock()
    piece = buffers.take((LARGE,), torch.uint8)
    buffers._lock = lock
    return piece


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_is_not_held_up_by_what_its_parent_was_doing():
    with BUFFERS._lock:
        child = os.fork()
        if not child:
            signal.alarm(20)  # it would otherwise wait for ever
            os._exit(7 if BUFFERS.take((LARGE,), torch.uint8).numel() == LARGE else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_kernels_share_one():
    assert BUFFERS._idle_bytes == IDLE_BYTES == 2**28
