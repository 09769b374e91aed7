"""Each of torch's private names still says what it is taken for."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.export import export
from torch.utils._python_dispatch import TorchDispatchMode

from tidegate.nn import internals


def test_tensors_that_stand_for_others():
    with FakeTensorMode():
        assert isinstance(torch.empty(1), internals.STANDING_FOR_OTHERS)
    assert not isinstance(torch.empty(1), internals.STANDING_FOR_OTHERS)


def test_functions_are_transformed():
    seen = []
    assert not internals.transforms_functions()
    torch.func.vmap(lambda x: seen.append(internals.transforms_functions()) or x)(torch.ones(2))
    assert seen == [True]


def test_modes_are_counted():
    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    assert internals.n_modes() == 0
    with Mode(), Mode():
        assert internals.n_modes() == 2


def test_passes_back_have_numbers():
    seen, x = [], torch.ones(1, requires_grad=True)
    for _ in range(2):
        y = 2 * x
        y.register_hook(lambda _: seen.append(internals.task_of_backward()))
        y.backward()
    assert internals.task_of_backward() == -1
    assert len(set(seen)) == 2
    assert min(seen) >= 0


def test_gradients_lie_on_top_of_each_other():
    seen, x = [], torch.ones(2, requires_grad=True)
    y = 2 * x
    y.register_hook(lambda gradient: seen.append(internals.is_stack_of_gradients(gradient)))
    torch.autograd.grad(y, x, torch.eye(2), is_grads_batched=True, retain_graph=True)
    torch.autograd.grad(y, x, torch.ones(2))
    assert seen == [True, False]


def test_exporters_write_down():
    seen = []

    class Module(torch.nn.Module):
        def forward(self, x):
            seen.append(internals.is_exporting())
            return x + 1

    export(Module(), (torch.ones(1),), strict=False)
    assert not internals.is_exporting()
    assert seen
    assert all(seen)


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")
def test_scripts_are_traced():
    seen = []
    torch.jit.trace(lambda x: seen.append(internals.is_traced()) or x + 1, torch.ones(1), check_trace=False)
    assert not internals.is_traced()
    assert seen == [True]


def test_derivatives_go_forwards():
    assert not internals.differentiates_forwards()
    with forward_ad.dual_level():
        assert internals.differentiates_forwards()
