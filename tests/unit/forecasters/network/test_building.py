import pytest
import torch

from tidegate.errors import SettingError
from tidegate.forecasters.network.building import DECODERS, Plan, network
from tidegate.forecasters.network.forecaster import Sizes
from tidegate.forecasters.network.layers import LayerPlan
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.decoders.reading import Reading
from tidegate.nn.heads import HEADS, QUANTILES
from tidegate.nn.initialisation import built

SIZES = Sizes(n_inputs=3, n_context=5, n_known=4, window_steps=8, horizon=5, n_series=6)
LAYERS = LayerPlan("gru", hidden_size=7, layers=1, dropout=0.0)
PLAN = Plan(LAYERS, "direct", "quantiles", segment=3, series_width=0, dropout=0.0)
N_ORIGINS = 9


def reading_of(seed=0):
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape):
        return torch.randn(*shape, generator=generator)

    return Reading(
        window=drawn(SIZES.window_steps, N_ORIGINS, SIZES.n_inputs),
        context=drawn(N_ORIGINS, SIZES.n_context),
        known=drawn(N_ORIGINS, SIZES.horizon, SIZES.n_known),
        base=drawn(N_ORIGINS, SIZES.horizon).abs(),
        series=torch.arange(N_ORIGINS) % (SIZES.n_series + 1),
        steps=torch.arange(N_ORIGINS) % SIZES.window_steps + 1,
        unit=drawn(N_ORIGINS, 1).abs() + 0.5,
    )


def made(plan, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return built(lambda: network(plan, SIZES, generator), generator)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_decoder_and_head_learns_and_comes_back_from_its_parameters(cell, decoder, head):
    plan = PLAN._replace(layers=LAYERS._replace(cell=cell, layers=2), decoder=decoder, head=head, series_width=2)
    model, reading = made(plan), reading_of()
    actual = (reading.base * 2).round() / reading.unit if head == "negative-binomial" else reading.base + 1
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for _ in range(6):
        loss = model.head.loss(model(reading, actual), actual, reading.unit).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    model.eval()
    told = model.told(reading)
    assert told.shape == (N_ORIGINS, SIZES.horizon, len(QUANTILES))
    assert torch.isfinite(told).all()
    assert (told.diff(dim=-1) >= 0).all()
    again = made(plan, seed=2).eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.told(reading), told)


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_parameter_learns(decoder):
    """A part that nothing reads would stay as it was drawn."""
    plan = PLAN._replace(layers=LAYERS._replace(layers=2), decoder=decoder, series_width=2)
    model, reading = made(plan), reading_of()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(4)))
    model(reading, reading.base + 1).square().mean().backward()
    idle = [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()]
    assert not idle


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_newest_step_moves_every_step_of_the_forecast(decoder):
    model, reading = made(PLAN._replace(decoder=decoder)).eval(), reading_of()
    raised = reading.window.clone()
    raised[-1] += 1
    with torch.no_grad():
        before, after = model(reading), model(reading._replace(window=raised))
    assert (before[..., 0] != after[..., 0]).all()


@pytest.mark.parametrize("decoder", DECODERS)
def test_what_lies_before_the_series_is_not_read(decoder):
    model, reading = made(PLAN._replace(decoder=decoder, segment=1)).eval(), reading_of()
    n_steps = SIZES.window_steps
    before = torch.arange(n_steps)[:, None] < n_steps - reading.steps
    spoilt = torch.where(before[..., None], 99.0, reading.window)
    with torch.no_grad():
        torch.testing.assert_close(model(reading._replace(window=spoilt)), model(reading))


@pytest.mark.parametrize("decoder", DECODERS)
def test_members_draw_their_dropout_from_the_generator_they_are_given(decoder):
    plan = PLAN._replace(layers=LAYERS._replace(layers=2, dropout=0.5), decoder=decoder, dropout=0.5)
    reading = reading_of()
    outputs = []
    for state in (1, 2):
        torch.manual_seed(state)
        model = made(plan).train()
        outputs.append(model(reading, reading.base))
    assert torch.equal(*outputs)
    assert not torch.equal(outputs[0], model(reading, reading.base))
    assert torch.equal(model.eval()(reading), model(reading))


def test_series_are_told_apart_only_on_demand():
    reading = reading_of()
    moved = reading._replace(series=(reading.series + 1) % (SIZES.n_series + 1))
    for width, differs in ((0, False), (3, True)):
        model = made(PLAN._replace(series_width=width)).eval()
        with torch.no_grad():
            assert torch.equal(model(reading), model(moved)) is not differs


def test_settings_shape_the_layers():
    model = made(PLAN._replace(layers=LAYERS._replace(hidden_size=5, layers=3, cell="lstm")))
    assert (model.encoder.layers.hidden_size, model.encoder.layers.num_layers) == (5, 3)
    assert model.encoder.layers.cell.gates == CELLS["lstm"]().gates


@pytest.mark.parametrize(("decoder", "seen"), [("direct", 8), ("segment", 3)])
def test_chrono_reaches_as_far_as_the_layers_walk(decoder, seen):
    """Windows of 8 steps; in patches of 3 these are 3 steps of the layers."""
    wide = LAYERS._replace(start="chrono", hidden_size=400)
    layers = made(PLAN._replace(layers=wide, decoder=decoder)).encoder.layers
    longest = layers.bias_ih_l0[400:800].exp().max().item()
    assert 0.95 * (seen - 1) < longest <= seen - 1 + 1e-4


@pytest.mark.parametrize("decoder", DECODERS)
def test_truncation_changes_what_is_learned_and_not_what_is_told(decoder):
    plain, cut = (made(PLAN._replace(decoder=decoder, truncate=truncate)) for truncate in (None, 2))
    reading = reading_of()
    gradients = []
    for model in (plain, cut):
        model(reading, reading.base).square().sum().backward()
        gradients.append(model.encoder.layers.weight_ih_l0.grad)
    assert not torch.allclose(*gradients, rtol=1e-3)
    assert torch.equal(plain.eval().told(reading), cut.eval().told(reading))


def test_unknown_parts_are_named():
    with pytest.raises(SettingError, match="There is no cell 'gur'"):
        made(PLAN._replace(layers=LAYERS._replace(cell="gur")))
    with pytest.raises(SettingError, match="head is 'median'; it must be one of 'point', "):
        made(PLAN._replace(head="median"))
