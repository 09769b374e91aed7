import pytest
import torch

from tidegate.kernels.threads import n_threads
from tidegate.training.threads import one_thread


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_restores_the_users_number(two_threads):
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_restores_it_after_an_error(two_threads):
    with pytest.raises(RuntimeError, match="stop"), one_thread():
        raise RuntimeError("stop")
    assert torch.get_num_threads() == 2


def test_kernels_may_use_more(two_threads):
    with one_thread(of_kernels=2):
        assert torch.get_num_threads() == 1
        assert n_threads() == 2
    with one_thread():
        assert n_threads() == 1
