import threading

import numpy as np
import pytest
import torch

from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.flows import Listener, Recorder, Walk, heard, limits, listener

GATE, SQUASHED = (0.0, 1.0), (-1.0, 1.0)
LIMITS = {
    "tanh": (Elman(), {"hidden": SQUASHED}),
    "clipped tanh": (Elman(clip=2.0), {"hidden": SQUASHED}),
    "relu": (Elman("relu"), {}),
    "sigmoid": (Elman("sigmoid"), {"hidden": GATE}),
    "lstm": (Lstm(), {"input": GATE, "forget": GATE, "candidate": SQUASHED, "output": GATE}),
    "identity": (Lstm(input_activation="identity"), {"input": GATE, "forget": GATE, "output": GATE}),
    "coupled": (Lstm(coupled=True), {"input": GATE, "candidate": SQUASHED, "output": GATE}),
    "without": (Lstm(without=("forget",)), {"input": GATE, "candidate": SQUASHED, "output": GATE}),
    "gru": (Gru(), {"reset": GATE, "update": GATE, "candidate": SQUASHED}),
    "absent": (Gru("absent"), {"update": GATE, "candidate": SQUASHED}),
    "min_gru": (MinGru(), {"update": GATE}),
    "positive": (MinGru("positive"), {"update": GATE}),
    "normalised": (MinLstm(), {"input": GATE, "forget": GATE}),
    "not normalised": (MinLstm(normalised=False), {"input": GATE, "forget": GATE}),
    "slstm": (Slstm(), {"candidate": SQUASHED, "output": GATE}),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_those_of_the_activations(name):
    cell, expected = LIMITS[name]
    assert limits(cell) == expected


def told(to, *, call=0, layer=0, direction=0, steps=2):
    one = Listener(to, layer, call)
    near = np.arange(12).reshape(3, 2, 2)[..., :steps]
    one.hear(direction, norms=np.ones((1, steps)), near=near, entries=np.array([20, 0][:steps]))


def test_flows_stand_in_the_order_of_calls_layers_and_directions():
    recorder = Recorder(Gru(), 0.1)
    places = [(1, 0, 0), (0, 1, 1), (0, 1, 0), (0, 0, 0)]
    for call, layer, direction in places:
        told(recorder, call=call, layer=layer, direction=direction)
    assert [flow.place for flow in recorder.flows] == sorted(places)


def test_shares_are_of_the_entries_and_0_where_there_are_none():
    recorder = Recorder(Gru(), 0.1)
    told(recorder)
    (flow,) = recorder.flows
    assert flow.cell is None
    assert {gate: [side.tolist() for side in sides] for gate, sides in flow.saturated.items()} == {
        "reset": [[0.0, 1.0], [0.1, 3.0]],
        "update": [[0.2, 5.0], [0.3, 7.0]],
        "candidate": [[0.4, 9.0], [0.5, 11.0]],
    }


def test_a_closed_recorder_takes_nothing():
    recorder = Recorder(Gru(), 0.1)
    recorder.open = False
    told(recorder)
    assert recorder.flows == []
    assert not Listener(recorder, 0).listens()


def test_a_pass_that_keeps_its_graph_is_refused():
    with torch.enable_grad(), pytest.raises(ValueError, match=r"backward\(create_graph=True\).*Leave the watch first"):
        Listener(Recorder(Gru(), 0.1), 0).listens()
    with torch.no_grad():
        assert Listener(Recorder(Gru(), 0.1), 0).listens()


def test_calls_are_counted_layer_by_layer():
    recorder = Recorder(Gru(), 0.1)
    layers = [Listener(recorder, layer) for layer in (0, 1)]
    assert [one.begun().call for one in (*layers, layers[0], layers[0], layers[1])] == [0, 0, 1, 2, 1]


def test_a_module_finds_its_recorder_in_the_block_and_the_thread_alone():
    module, other, recorder = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1), Recorder(Gru(), 0.1)
    found = []
    with heard({module: recorder}):
        assert listener(module, 3) == Listener(recorder, 3)
        assert listener(other, 0) is None
        thread = threading.Thread(target=lambda: found.append(listener(module, 0)))
        thread.start()
        thread.join()
        with heard({other: Recorder(Gru(), 0.2)}):
            assert listener(module, 3) == Listener(recorder, 3)
            with (
                pytest.raises(ValueError, match="being watched already; leave that watch first"),
                heard({module: recorder}),
            ):
                pass
        assert listener(other, 0) is None
    assert found == [None]
    assert listener(module, 3) is None
    assert not recorder.open


def test_what_is_transformed_is_not_watched():
    module, found = torch.nn.Linear(1, 1), []

    def function(values):
        found.append(listener(module, 0))
        return values.sum()

    with heard({module: Recorder(Gru(), 0.1)}):
        torch.func.grad(function)(torch.ones(2))
        torch.compile(lambda values: values + (listener(module, 0) is None), backend="eager", fullgraph=True)(
            torch.ones(2)
        )
    assert found == [None]


def test_a_walk_asks_nothing_of_states_without_a_gradient():
    recorder, cell = Recorder(Gru(), 0.1), Gru()
    walk = Walk(Listener(recorder, 0), 0, steps=1)
    weights = {role: torch.randn(shape) for role, shape in {"recurrent": (6, 2)}.items()}
    walk.step(0, cell.step(torch.randn(3, 6), (torch.randn(3, 2),), weights), None)
    assert walk._near == [None]
