import pytest
import torch

from tidegate.errors import SettingError
from tidegate.kernels import library
from tidegate.nn import backends, fused
from tidegate.nn import reference as walks
from tidegate.nn.backends import BACKENDS, choose, repeated, run
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.unroll import Call, Course

STEPS, SEQUENCES, INPUTS, HIDDEN = 5, 3, 2, 4
LENGTHS = {"none": None, "some": torch.tensor([2, 5, 1]), "zero": torch.tensor([2, 0, 5])}


def call(cell, *, directions=1, lengths=None, course=None):
    generator = torch.Generator().manual_seed(3)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return Call(
        cell,
        tuple(
            {role: draw(*shape) for role, shape in cell.shapes(Sizes(INPUTS, HIDDEN)).items()}
            for _ in range(directions)
        ),
        draw(STEPS, SEQUENCES, INPUTS),
        tuple(draw(directions, SEQUENCES, HIDDEN) for _ in cell.states),
        lengths,
        course or Course(),
    )


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("way", ["ahead", "reverse", "both"])
@pytest.mark.parametrize("cell", [Elman(), Elman("relu"), Lstm(), Gru(), MinGru()], ids=lambda cell: cell.card().title)
def test_every_backend_computes_the_same(cell, way, lengths):
    work = call(cell, directions=1 + (way == "both"), lengths=LENGTHS[lengths], course=Course(reverse=way == "reverse"))
    auto, reference = run(work), run(work, "reference")
    torch.testing.assert_close((auto.outputs, *auto.states), (reference.outputs, *reference.states))
    assert auto.outputs.shape == (STEPS, SEQUENCES, (1 + (way == "both")) * HIDDEN)
    assert not auto.traces
    assert not reference.traces


def test_auto_takes_a_kernel_an_operator_or_a_scan_where_there_is_one(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the loop over time was asked")

    monkeypatch.setattr(walks, "unroll", refuse)
    for cell in (Lstm(), MinGru()):
        run(call(cell))
        for work in (call(cell, course=Course(trace=True)), call(cell, course=Course(truncate=2))):
            with pytest.raises(AssertionError, match="the loop over time was asked"):
                run(work)
        with pytest.raises(AssertionError, match="the loop over time was asked"):
            run(call(cell), "reference")


def test_without_kernels_an_operator_or_a_scan_is_taken_and_the_reason_is_said(monkeypatch):
    monkeypatch.setattr(fused, "obstacle", lambda _: "no kernels: switched off")
    assert choose(call(Lstm())) == ("torch", "no kernels: switched off")
    assert choose(call(MinGru())).name == "scan"
    assert choose(call(Gru("before"))).name == "reference"
    assert choose(call(Gru("before"))).reason.startswith("no kernels: switched off; torch has no operator for Gru(")


OBSTACLES = {
    "torch has no operator for Gru(reset='before'": call(Gru("before")),
    "torch does not show gates": call(Gru(), course=Course(trace=True)),
    "torch does not truncate the gradient": call(Gru(), course=Course(truncate=2)),
    "torch takes no sequence of length 0": call(Gru(), lengths=LENGTHS["zero"]),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_torch_cannot_do_is_refused_with_its_repair(obstacle):
    with pytest.raises(SettingError) as caught:
        run(OBSTACLES[obstacle], "torch")
    assert str(caught.value).startswith(f"backend 'torch' cannot run this layer: {obstacle}")
    assert str(caught.value).endswith("Use backend='auto' or 'reference'")


def test_names():
    assert BACKENDS == ("auto", "kernels", "torch", "reference")


@pytest.mark.skipif(library.library() is None, reason=library.reason())
def test_only_what_may_run_on_kernels_is_repeated_on_them():
    work = call(Gru())
    with torch.no_grad():
        expected = run(work)
        for backend in ("auto", "kernels"):
            assert torch.equal(repeated(work, backend).outputs, expected.outputs)
        for backend in ("torch", "reference"):
            assert repeated(work, backend) is None
    assert torch.equal(repeated(work).outputs, expected.outputs)  # gradients may be on where nothing asks for one


def test_a_choice_that_was_made_is_not_made_again(monkeypatch):
    work = call(Lstm())
    expected, choice = run(work, "reference"), choose(work, "reference")
    monkeypatch.setattr(backends, "choose", None)
    assert torch.equal(run(work, "reference", choice).outputs, expected.outputs)
