import pytest
import torch

from tidegate.nn.losses import huber


@pytest.mark.parametrize(("error", "loss"), [(0.0, 0.0), (0.25, 0.0625), (-0.5, 0.25), (2.0, 1.75), (-3.0, 2.75)])
def test_squares_near_zero_and_absolute_beyond(error, loss):
    assert huber(torch.tensor([error]), torch.zeros(1)).item() == pytest.approx(loss)
