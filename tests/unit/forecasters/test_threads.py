import sys

import numpy as np
import pytest
import torch
from threadpoolctl import ThreadpoolController, threadpool_info

import tidegate
from tidegate.forecasters import threads
from tidegate.kernels.threads import n_threads
from tidegate.nn.stack import Recurrent
from tidegate.training.settings import Training


@pytest.fixture
def two_threads():
    """torch's own setting, restored afterwards."""
    count = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(count)


def test_libraries_are_limited_and_what_was_allowed_is_known(two_threads):
    assert threads.before() == 1
    with threads.limited():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        assert threads.before() == 2
        with threads.limited():
            assert threads.before() == 2
    assert threads.before() == 1
    assert torch.get_num_threads() == 2


def test_networks_train_with_all_threads_of_the_kernels_and_one_of_the_rest(two_threads, monkeypatch):
    seen = set()
    forward = Recurrent.forward

    def watched(self, *args, **kwargs):
        seen.add((n_threads(), torch.get_num_threads()))
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(Recurrent, "forward", watched)
    panel = tidegate.from_frame(np.sin(np.arange(60.0)) + 5)
    tidegate.GRU(training=Training(n_updates=2), n_members=1).fit(panel, horizon=3)
    assert seen == {(2, 1)}


def test_libraries_are_looked_for_once_until_something_is_imported(monkeypatch):
    looked = []
    monkeypatch.setattr(threads, "ThreadpoolController", lambda: looked.append(1) or ThreadpoolController())
    threads._libraries.cache_clear()

    def found():
        with threads.limited():
            return len(looked)

    assert (found(), found()) == (1, 1)
    monkeypatch.setitem(sys.modules, "a_module_that_is_new", threads)
    assert found() == 2
