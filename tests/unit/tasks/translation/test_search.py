import itertools
import math

import pytest
import torch

from tidegate.tasks.translation.network import Encoded, Memory, Told
from tidegate.tasks.translation.search import best

A, B = 2, 3


class Told123:
    """A decoder by a table of the probability of each token after the last, by source: the end, <unk>, a, b."""

    def __init__(self, tables):
        self.tables = torch.tensor(tables).log()

    def begun(self, encoded):
        return Memory(*(torch.zeros(1, len(encoded.lengths), 1) for _ in range(2)))

    def __call__(self, fed, encoded, memory):
        which = encoded.states[:, 0, 0].long().repeat_interleave(fed.shape[1] // len(encoded.lengths))
        return Told(torch.stack([which, fed[0]], dim=1)[None].float(), torch.empty(0), memory)

    def scores(self, readout):
        which, last = readout.long().T
        return self.tables[which, last]


GREEDY_FAILS = [
    [0.0001, 0.0, 0.5999, 0.4],  # after the boundary
    [1.0, 0.0, 0.0, 0.0],
    [0.34, 0.33, 0.17, 0.16],  # after a nothing is sure
    [0.98, 0.0, 0.01, 0.01],  # after b it is sure to end
]
LONG = [[0.001, 0.0, 0.999, 0.0], [1.0, 0.0, 0.0, 0.0], [0.1, 0.0, 0.9, 0.0], [1.0, 0.0, 0.0, 0.0]]


def sources(*which):
    states = torch.tensor([[[float(one)]] for one in which])
    return Encoded(states, torch.ones(len(which), dtype=torch.long), states[:, 0])


def every(table, longest):
    """Return each target of up to `longest` tokens with its score."""
    found = {}
    for n in range(1, longest + 1):
        for tokens in itertools.product((A, B), repeat=n):
            steps = zip((0, *tokens), (*tokens, 0), strict=True)
            found[tokens] = sum(math.log(max(table[one][other], 1e-30)) for one, other in steps) / (n + 1)
    return found


def test_a_beam_finds_what_taking_the_best_token_does_not():
    decoder = Told123([GREEDY_FAILS])
    greedy = best(decoder, sources(0), [6], 1)[0]
    wide = best(decoder, sources(0), [6], 4)[0]
    assert greedy[0].numbers[0] == A
    assert wide[0].numbers == [B]
    assert wide[0].score > greedy[0].score
    assert wide[0].score == pytest.approx(every(GREEDY_FAILS, 5)[(B,)], abs=1e-5)


def test_scores_are_those_of_the_tokens_and_targets_differ():
    found = best(Told123([GREEDY_FAILS]), sources(0), [6], 3)[0]
    known = every(GREEDY_FAILS, 6)
    for one in found:
        assert one.score == pytest.approx(known[tuple(one.numbers)], abs=1e-5)
        assert one.finished
    assert len({tuple(one.numbers) for one in found}) == len(found) == 3


def test_several_sources_are_searched_each_by_itself():
    decoder = Told123([GREEDY_FAILS, LONG])
    both = best(decoder, sources(0, 1, 0), [6, 4, 6], 3)
    for k, which in enumerate((0, 1, 0)):
        alone = best(decoder, sources(which), [(6, 4)[which]], 3)[0]
        assert [one.numbers for one in both[k]] == [one.numbers for one in alone]
        assert [one.score for one in both[k]] == pytest.approx([one.score for one in alone], abs=1e-6)


def test_a_target_that_does_not_end_is_cut_off_and_says_so():
    never = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    for beam in (1, 3):
        (found,) = best(Told123([never]), sources(0), [5], beam)[0]
        assert found.numbers == [A] * 5
        assert not found.finished


def test_nothing_is_never_said_and_neither_is_what_is_unknown():
    shy = [[0.9, 0.05, 0.04, 0.01], [1.0, 0.0, 0.0, 0.0], [0.1, 0.9, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    for beam in (1, 2, 5):
        found = best(Told123([shy]), sources(0), [4], beam)[0]
        assert all(one.numbers and 1 not in one.numbers and 0 not in one.numbers for one in found)
