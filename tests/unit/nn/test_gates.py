import numpy as np
import torch

from tidegate.nn.gates import gates

RNG = np.random.default_rng(4)


def test_shares_and_stuck_units_are_counted_over_steps_and_windows():
    values = RNG.uniform(0.2, 0.8, (50, 4, 3))
    values[..., 1], values[..., 2] = 0.95, 0.01
    values[0, 0, 2] = 0.5
    values[:25, :, 0] = 0.99
    (name,) = found = gates(
        {"forget": torch.tensor(values), "candidate": torch.tensor(values)}, ("forget", "candidate")
    )
    gate = found[name]
    np.testing.assert_allclose(gate.open, [0.5, 1.0, 0.0])
    np.testing.assert_allclose(gate.closed, [0.0, 0.0, 199 / 200])
    assert gate.always_open.tolist() == [1]
    assert gate.always_closed.tolist() == [2]
    np.testing.assert_array_equal(gate.values, values[:, -1])


def test_a_cell_without_gates_has_none():
    assert gates({"hidden": torch.zeros(3, 2, 4)}, ("hidden",)) == {}
