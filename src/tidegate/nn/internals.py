"""What torch tells in private alone, all of it here: any release may change these names."""

from __future__ import annotations

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch._subclasses.functional_tensor import FunctionalTensor
from torch.autograd import forward_ad

STANDING_FOR_OTHERS = (FakeTensor, FunctionalTensor)
"""Tensors that have shape, type and device, and no numbers."""

transforms_functions = torch._C._are_functorch_transforms_active
"""Whether a function is being transformed by ``torch.func``."""

n_modes = torch._C._len_torch_dispatch_stack
"""How many modes are told of every operation."""

task_of_backward = torch._C._current_graph_task_id
"""The number of the backward pass that is running."""

is_stack_of_gradients = torch._C._functorch.is_legacy_batchedtensor
"""Whether ``is_grads_batched`` laid gradients on top of each other in a tensor."""

below_autograd = torch._C._AutoDispatchBelowAutograd
"""A context in which operators are called as from below autograd."""

excluding = torch._C._SetExcludeDispatchKeyGuard
"""A context in which the dispatcher leaves a key out, or puts it in again."""

AUTOGRAD = torch._C.DispatchKey.AutogradFunctionality
AFTER_AUTOGRAD = torch._C._after_autograd_keyset


def is_exporting() -> bool:
    """Return whether operations are written down before they are dispatched, as exporters do."""
    return bool(torch._C._dispatch_tls_is_dispatch_key_included(torch._C.DispatchKey.PreDispatch))


def is_traced() -> bool:
    """Return whether ``torch.jit`` is tracing the call."""
    return torch._C._get_tracing_state() is not None


def differentiates_forwards() -> bool:
    """Return whether forward-mode differentiation is on."""
    return forward_ad._current_level >= 0
