import multiprocessing
import os

import pytest
import torch

from tidegate.kernels.threads import allowed, n_threads

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@pytest.fixture
def threads():
    """torch's own setting, restored afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_is_torchs_number(threads, count):
    threads(count)
    assert n_threads() == count


def report(end, count):
    torch.set_num_threads(count)
    end.send(n_threads())


@forks
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_uses_one(threads):
    """Its parent's pool of threads is not there any more."""
    threads(2)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=report, args=(theirs, 2))
    process.start()
    assert ours.poll(60)
    assert ours.recv() == 1
    process.join()
    assert n_threads() == 2


def test_what_is_allowed_counts_more_than_torchs_number(threads):
    threads(1)
    with allowed(2):
        assert n_threads() == 2
        with allowed(3):
            assert n_threads() == 3
        assert n_threads() == 2
    assert n_threads() == 1
