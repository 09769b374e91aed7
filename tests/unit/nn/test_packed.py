import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate.nn.packed import padding

CPU = torch.device("cpu")


@pytest.mark.parametrize("lengths", [[4, 4, 2, 1], [3], [1, 1], [5, 1]])
def test_they_are_torchs(lengths):
    values = torch.randn(max(lengths), len(lengths), 3, dtype=torch.float64, requires_grad=True)
    theirs = pack_padded_sequence(values, torch.tensor(lengths))
    how = padding(theirs.batch_sizes, CPU)
    padded, right = how.padded(theirs.data), pad_packed_sequence(theirs)
    assert torch.equal(padded, right[0])
    assert torch.equal(how.lengths, right[1])
    assert how.is_full == (len(set(lengths)) == 1)
    assert torch.equal(how.packed(values), theirs.data)
    pull = torch.randn_like(padded)
    assert torch.equal(*(torch.autograd.grad(made, values, pull, retain_graph=True)[0] for made in (padded, right[0])))
    pull = torch.randn_like(theirs.data)
    gradients = (torch.autograd.grad(made, values, pull)[0] for made in (how.packed(values), theirs.data))
    assert torch.equal(*gradients)


def test_what_is_beyond_has_no_say():
    how = padding(torch.tensor([2, 1]), CPU)
    padded = how.padded(torch.ones(3, 1))
    padded[1, 1] = torch.nan
    assert torch.equal(how.packed(padded), torch.ones(3, 1))
    assert how.padded(torch.ones(3)).tolist() == [[1, 1], [1, 0]]
