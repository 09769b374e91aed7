import pytest
import torch

from tidegate.nn.differentiation import gradients_of


def drawn(seed):
    return torch.randn(4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def computed(tensors):
    a, b, none = tensors
    assert none is None
    return a * b**2, a.sin()


def given():
    return [drawn(1).requires_grad_(), drawn(2).requires_grad_(), None]


def test_they_are_torchs():
    a, b, _ = tensors = given()
    flows = [drawn(3), drawn(4)]
    right = torch.autograd.grad(computed(tensors), [a, b], flows)
    made = gradients_of(tensors, computed, flows, [True, True, True], twice=False)
    torch.testing.assert_close(made, [*right, None], rtol=0, atol=0)
    assert not any(gradient.requires_grad for gradient in made[:2])


def test_those_not_wanted_are_none():
    a, _, _ = tensors = given()
    made = gradients_of(tensors, computed, [None, drawn(4)], [True, False, False], twice=False)
    assert made[1:] == [None, None]
    torch.testing.assert_close(made[0], drawn(4) * a.cos())
    unused = gradients_of(tensors, computed, [None, drawn(4)], [True, True, False], twice=False)
    assert unused[1:] == [None, None]  # the second result does not see it
    assert gradients_of(tensors, computed, [None, None], [True, True, False], twice=False) == [None] * 3


@pytest.mark.parametrize("recording", [False, True])
def test_tensors_need_no_record_of_their_own(recording):
    a, b, _ = (None if tensor is None else tensor.detach() for tensor in given())
    with torch.set_grad_enabled(recording):
        made = gradients_of([a, b, None], computed, [drawn(3), None], [True, True, False], twice=False)
    torch.testing.assert_close(made[:2], [drawn(3) * b**2, drawn(3) * 2 * a * b])


def test_they_have_gradients_of_their_own():
    """Also where one tensor is computed from another, which then is seen twice."""
    a = drawn(1).requires_grad_()
    b = a.exp()
    first = gradients_of([a, b, None], computed, [torch.ones(4), None], [True, True, False], twice=True)
    right = [b**2, 2 * a * b]
    torch.testing.assert_close(first[:2], right)
    second = [torch.autograd.grad(sum(each).sum(), a, retain_graph=True)[0] for each in (first[:2], right)]
    torch.testing.assert_close(*second)


def test_autocast_does_not_lower_them():
    a = torch.randn(3, 3, generator=torch.Generator().manual_seed(1))
    with torch.autocast("cpu"):
        (made,) = gradients_of([a], lambda tensors: [tensors[0] @ tensors[0]], [torch.ones(3, 3)], [True], twice=False)
    right = torch.ones(3, 3) @ a.T + a.T @ torch.ones(3, 3)
    torch.testing.assert_close(made, right, rtol=1e-6, atol=1e-6)
