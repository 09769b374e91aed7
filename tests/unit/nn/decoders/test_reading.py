"""What every network keeps to, whatever its decoder; the decoders' own equations are tested beside each."""

import pytest
import torch

from tidegate.nn.decoders.reading import Network, SeriesContext, from_base, start_near_base
from tidegate.nn.encoder import walked
from tidegate.nn.heads import HEADS, head, table
from tidegate.nn.initialisation import built

DECODERS = ("direct", "autoregressive", "segment", "attentive")
SHORT = (7, 3, 6, 1)
NAMES = {
    "direct": {
        *("decoder.hidden.weight", "decoder.hidden.bias", "decoder.steps.weight", "decoder.steps.bias"),
        *("decoder.shared.weight", "decoder.shared.bias", "decoder.of_known.weight", "decoder.output.weight"),
        "decoder.direct.weight",
    },
    "autoregressive": {"output.weight", "output.bias"},
    "segment": {
        *("encoder.of_patch.weight", "encoder.of_patch.bias", "positions.weight", "of_context.weight"),
        *("of_known.weight", "output.weight", "output.bias"),
    },
    "attentive": {
        *("attention.of_query.weight", "attention.of_source.weight", "joined.weight", "joined.bias"),
        *("output.weight", "output.bias"),
    },
}
"""The parameters of each network beside its recurrent layers' and the embedding of the series."""
EXACT = {"rtol": 0, "atol": 1e-12}


@pytest.fixture(params=DECODERS)
def decoder(request):
    return request.param


def row(reading, n, *, window_steps=None):
    """Return the reading of one origin alone, with the newest steps of its window."""
    one = reading._replace(**{name: getattr(reading, name)[n : n + 1] for name in reading._fields[1:]})
    return one._replace(window=reading.window[-(window_steps or len(reading.window)) :, n : n + 1])


class Late(Network):
    """The field's classic bug: step k of F is decoded from the state F - k steps before the origin."""

    def __init__(self, layers):
        super().__init__(head("point"))
        self.layers, self.output = layers, torch.nn.Linear(layers.output_size, 1)

    def corrections(self, reading, actual):
        states = walked(self.layers, reading.window, reading.steps).states[-reading.base.shape[1] :]
        return self.output(states.transpose(0, 1))


def test_every_future_step_sees_the_newest_value(decoder, making, read, unseen):
    for told in ("point", "quantiles"):
        assert unseen(making.network(decoder, told), read()) == []
    assert unseen(making.network(decoder, embedded=True), read(steps=SHORT)) == []


def test_a_decoder_that_does_not_is_caught(making, read, unseen):
    offender = Late(making.layers(3)).double()
    assert unseen(offender, read()) == [0, 1, 2, 3]  # of 5 steps only the last is right


def test_every_future_step_sees_every_step_of_the_window(decoder, making, read):
    window = read().window.requires_grad_()
    made = making.network(decoder)(read()._replace(window=window))
    for k in range(made.shape[1]):
        (gradient,) = torch.autograd.grad(made[:, k, 0].sum(), window, retain_graph=True)
        assert bool((gradient.abs().amax(-1) > 0).all())


def test_every_future_step_sees_the_context_and_what_is_known_of_it(decoder, plain, read):
    context, known = read().context.requires_grad_(), read().known.requires_grad_()
    made = plain.network(decoder)(read()._replace(context=context, known=known))
    for k in range(made.shape[1]):
        for_context, for_known = torch.autograd.grad(made[:, k, 0].sum(), (context, known), retain_graph=True)
        assert bool((for_context != 0).all())
        assert bool((for_known[:, k] != 0).all())


def test_the_first_number_counts_from_the_base(decoder, making, read):
    network, reading = making.network(decoder, "student-t"), read()
    made, corrections = network(reading), network.corrections(reading, None)
    torch.testing.assert_close(made[..., 0], corrections[..., 0] + reading.base, **EXACT)
    torch.testing.assert_close(made[..., 1:], corrections[..., 1:], **EXACT)
    assert made.shape == (4, 5, 3)


def test_no_origin_sees_another(decoder, making, read):
    network, reading = making.network(decoder, "normal", embedded=True), read(steps=SHORT)
    order = torch.tensor([2, 0, 3, 1])
    moved = reading._replace(**{name: getattr(reading, name)[order] for name in reading._fields[1:]})
    moved = moved._replace(window=reading.window[:, order])
    for asked in (network, network.told):
        made = asked(reading)
        torch.testing.assert_close(asked(moved), made[order], **EXACT)
        for n in range(len(order)):
            torch.testing.assert_close(asked(row(reading, n)), made[n : n + 1], **EXACT)


def test_steps_before_a_series_begins_are_not_read(decoder, making, read):
    """As good as the shorter window alone, whatever lies in them; patches are filled up with zeros in both."""
    network, reading = making.network(decoder, "normal"), read(steps=SHORT)
    before = torch.arange(7)[:, None] < 7 - reading.steps
    for filling in (torch.nan, 1e9):
        filled = reading._replace(window=reading.window.masked_fill(before[..., None], filling))
        made, told = network(filled), network.told(filled)
        for n, steps in enumerate(SHORT):
            alone = row(reading, n, window_steps=steps)
            torch.testing.assert_close(network(alone), made[n : n + 1], **EXACT)
            torch.testing.assert_close(network.told(alone), told[n : n + 1], **EXACT)


def test_gradients_do_not_come_from_before_a_series_begins(decoder, making, read):
    reading = read(steps=SHORT)
    window = reading.window.requires_grad_()
    making.network(decoder)(reading._replace(window=window)).sum().backward()
    before = torch.arange(7)[:, None] < 7 - reading.steps
    assert not window.grad[before].any()
    assert bool(window.grad[~before].any(-1).all())


def test_dropout_acts_while_training_alone(decoder, making, read):
    network, reading = making.network(decoder, fraction=0.5), read()
    with torch.no_grad():
        network.eval()
        assert torch.equal(network(reading), network(reading))
        assert torch.equal(network(reading), making.network(decoder)(reading))
        network.train()
        assert bool((network(reading) != network(reading)).any(0).all())
        assert bool((network(reading, reading.base) != network(reading, reading.base)).any(0).all())


def test_only_a_given_generator_is_drawn_from(decoder, making, read):
    network, reading = making.network(decoder, "normal", fraction=0.5).train(), read()
    before = torch.random.get_rng_state()
    network(reading, reading.base)
    network.told(reading)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("told", HEADS)
def test_what_is_told_of_one_step_is_the_heads_table(decoder, told, plain, read):
    """Of several too, but for the autoregressive decoder, which draws paths."""
    network, reading = plain.network(decoder, told, horizon=1), read(horizon=1)
    expected = table(network.head, network(reading), reading.unit)
    found = network.told(reading)
    assert found.shape == (4, 1, 7)
    assert not found.requires_grad
    if decoder == "autoregressive" and network.head.spreads:
        assert bool((found.diff(dim=-1) >= 0).all())
    else:
        assert torch.equal(found, expected)


@pytest.mark.parametrize("horizon", [1, 2, 3, 4, 6, 7])
def test_any_horizon(decoder, horizon, read, unseen, plain):
    reading = read(horizon=horizon)
    network = plain.network(decoder, "normal", horizon=horizon)
    assert network(reading).shape == (4, horizon, 2)
    assert unseen(network, reading) == []


def test_training_begins_near_the_base(decoder, making, read):
    reading = read()
    network = built(lambda: making.network(decoder), torch.Generator().manual_seed(3)).double().eval()
    distance = (network(reading)[..., 0] - reading.base).detach().abs()
    assert 0 < float(distance.mean()) < 0.15


@pytest.mark.parametrize("name", DECODERS)
def test_parameters_keep_their_names(name, plain):
    """Saved models go by them."""
    found = plain.network(name, embedded=True).state_dict()
    own = {key for key in found if ".layers." not in f".{key}"}
    where = {key.rpartition(".")[0] for key in found if ".layers." in f".{key}"}
    assert own == {"context.embedding.weight", *NAMES[name]}
    assert where == ({"encoder.layers", "layers"} if name in ("autoregressive", "attentive") else {"encoder.layers"})


def test_the_base_is_added_to_the_first_number_alone():
    made, base = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), torch.tensor([[10.0, 20.0]])
    assert from_base(made, base).tolist() == [[[11.0, 2.0], [23.0, 4.0]]]


def test_a_start_near_the_base_is_a_tenth_of_what_was_drawn():
    layer = torch.nn.Linear(3, 2)
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    start_near_base(layer)
    torch.testing.assert_close(layer.weight.detach(), weight / 10)
    assert torch.equal(layer.bias, bias)


class TestSeriesContext:
    def test_without_series_it_is_the_context(self, read):
        for module in (SeriesContext(2), SeriesContext(2, 9), SeriesContext(2, 0, 3)):
            assert module.width == 2
            assert torch.equal(module(read()), read().context)
            assert not list(module.parameters())

    def test_the_embedding_of_the_series_stands_beside_it(self, read):
        module = SeriesContext(2, 9, 3).double()
        assert module.width == 5
        made, reading = module(read()), read()
        assert torch.equal(made[:, :2], reading.context)
        for n, series in enumerate(reading.series.tolist()):
            assert torch.equal(made[n, 2:], module.embedding.weight[series - 1])

    def test_an_unknown_series_stands_in_their_middle(self, read):
        module, reading = SeriesContext(2, 9, 3).double(), read()
        series = torch.tensor([0, 4, 0, 9])
        made = module(reading._replace(series=series))[:, 2:]
        torch.testing.assert_close(made[0], module.embedding.weight.mean(0))
        assert torch.equal(made[0], made[2])
        assert torch.equal(made[1], module.embedding.weight[3])
        assert torch.equal(made[3], module.embedding.weight[8])

    def test_series_are_told_apart(self, plain, read):
        for decoder in DECODERS:
            network = plain.network(decoder, embedded=True)
            one, other = (network(read()._replace(series=torch.full((4,), n))) for n in (2, 3))
            assert bool((one != other).all())
