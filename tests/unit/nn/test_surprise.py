import pytest
import torch
from torch.nn.functional import cross_entropy

from tidegate.kernels.buffers import BUFFERS
from tidegate.nn.surprise import surprise

WIDE = (70, 5_000)  # several blocks, the last one smaller


def drawn(n_targets, n_classes, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(n_targets, n_classes, dtype=torch.float64, generator=generator).mul(5).to(dtype)
    target = torch.randint(-1, n_classes, (n_targets,), generator=generator)
    target[:2] = torch.tensor([-1, n_classes - 1])
    weight = torch.randn(n_targets, dtype=torch.float64, generator=generator).to(dtype)
    return scores.requires_grad_(), target, weight


def both(function, scores, target, weight):
    made = function(scores, target)
    return made.detach(), torch.autograd.grad((made * weight).sum(), scores)[0]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("sizes", [WIDE, (33, 3), (2, 1)])
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-13), (torch.float32, 1e-5)])
def test_values_and_gradients_are_torchs(sizes, smoothing, dtype, limit):
    given = drawn(*sizes, dtype)
    ours = both(lambda scores, target: surprise(scores, target, smoothing=smoothing), *given)
    theirs = both(
        lambda scores, target: cross_entropy(
            scores, target, reduction="none", ignore_index=-1, label_smoothing=smoothing
        ),
        *given,
    )
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=limit, atol=limit)
    assert ours[0][0] == 0
    assert not ours[1][0].any()


def test_scores_of_any_layout():
    scores, target, weight = drawn(*WIDE)
    plain = both(surprise, scores, target, weight)
    turned = scores.detach().T.contiguous().T.requires_grad_()
    assert all(torch.equal(*pair) for pair in zip(plain, both(surprise, turned, target, weight), strict=True))


def test_backward_leaves_what_it_reads():
    scores, target, weight = drawn(*WIDE)
    made = (surprise(scores, target, smoothing=0.1) * weight).sum()
    one, two = (torch.autograd.grad(made, scores, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(one, two)
    assert one.any()


def test_memory_comes_back():
    BUFFERS.clear()
    scores, target, weight = drawn(*WIDE)
    for _ in range(3):
        both(surprise, scores, target, weight)
    assert scores.nbytes <= BUFFERS.idle_bytes < 3 * scores.nbytes
