import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.nn.arrangements import ManyToMany, ManyToOne, OneToMany, OneToOne, SequenceToSequence
from tidegate.nn.attention import AdditiveAttention, ScaledDotProductAttention

SEQUENCES, STEPS, INPUTS, HIDDEN, OUTPUTS = 4, 6, 3, 5, 2
LENGTHS = torch.tensor([6, 2, 4, 1])
SHARED = {"batch_first": True, "dtype": torch.float64}
LAYERS = {
    "gru": (nn.GRU, {}),
    "lstm deep": (nn.LSTM, {"num_layers": 2}),
    "rnn both ways": (nn.RNN, {"bidirectional": True}),
    "gru backwards": (nn.GRU, {"reverse": True}),
    "gru residual": (nn.GRU, {"num_layers": 2, "residual": True, "layer_norm": True}),
}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(4)


@pytest.fixture(params=LAYERS)
def layer(request):
    kind, options = LAYERS[request.param]
    torch.manual_seed(3)
    return kind(INPUTS, HIDDEN, **options, **SHARED)


def linear(n_inputs, n_outputs):
    torch.manual_seed(8)
    return torch.nn.Linear(n_inputs, n_outputs, dtype=torch.float64)


def drawn(generator, *shape):
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def influences(outputs, inputs):
    """Return which steps of `inputs` (B, T, I) change the sum of `outputs`, row by row."""
    (gradient,) = torch.autograd.grad(outputs.sum(), inputs)
    return gradient.abs().sum(-1) > 0


def beyond(filling, inputs):
    """Return `inputs` with `filling` beyond each length."""
    return torch.where((torch.arange(STEPS) < LENGTHS[:, None])[..., None], inputs, filling)


def test_one_to_one_is_one_step_from_zero(layer, generator):
    model = OneToOne(layer, linear(layer.output_size, OUTPUTS))
    vector = drawn(generator, SEQUENCES, INPUTS)
    made = model(vector)
    assert made.shape == (SEQUENCES, OUTPUTS)
    for row in range(SEQUENCES):  # no vector sees another
        hidden, _ = layer(vector[row : row + 1, None])
        torch.testing.assert_close(made[row], model.output(hidden[0, 0]))


def test_one_to_one_with_an_elman_layer_is_a_feed_forward_network(generator):
    torch.manual_seed(3)
    model = OneToOne(nn.RNN(INPUTS, HIDDEN, **SHARED), linear(HIDDEN, OUTPUTS))
    vector = drawn(generator, SEQUENCES, INPUTS)
    rnn, output = model.layer, model.output
    hidden = torch.tanh(vector @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + rnn.bias_hh_l0)
    torch.testing.assert_close(model(vector), hidden @ output.weight.T + output.bias)


class TestOneToMany:
    @pytest.fixture
    def model(self):
        torch.manual_seed(3)
        feedback = linear(OUTPUTS, INPUTS)
        return OneToMany(nn.LSTM(INPUTS, HIDDEN, num_layers=2, **SHARED), linear(HIDDEN, OUTPUTS), feedback)

    def test_the_vector_reaches_every_step(self, model, generator):
        vector = drawn(generator, SEQUENCES, INPUTS).requires_grad_()
        made = model.generate(vector, 7)
        assert made.shape == (SEQUENCES, 7, OUTPUTS)
        for step in range(7):
            (gradient,) = torch.autograd.grad(made[:, step].sum(), vector, retain_graph=True)
            assert bool(gradient.any(1).all())

    def test_fed_its_own_outputs_teacher_forcing_is_generation(self, model, generator):
        vector = drawn(generator, SEQUENCES, INPUTS)
        made = model.generate(vector, 7)
        torch.testing.assert_close(model(vector, model.feedback(made[:, :-1])), made, rtol=0, atol=1e-12)

    def test_fed_the_truth_it_follows_the_truth(self, model, generator):
        vector, truth = drawn(generator, SEQUENCES, INPUTS), drawn(generator, SEQUENCES, 6, INPUTS)
        made = model(vector, truth)
        changed = truth.clone()
        changed[:, 3] += 1
        differs = (model(vector, changed) != made).any(-1).any(0)
        assert differs.tolist() == [False] * 4 + [True] * 3

    def test_without_steps_there_is_no_sequence(self, model, generator):
        with pytest.raises(ValueError, match="n_steps is 0; it must be a whole number, at least 1"):
            model.generate(drawn(generator, SEQUENCES, INPUTS), 0)

    @pytest.mark.parametrize("name", ["bidirectional", "reverse"])
    def test_the_layer_must_read_forwards(self, name):
        with pytest.raises(SettingError, match=f"{name} is True: a layer that makes a sequence cannot read it from"):
            OneToMany(nn.GRU(INPUTS, HIDDEN, batch_first=True, **{name: True}), linear(HIDDEN, OUTPUTS), abs)


class TestManyToOne:
    def test_it_sees_every_step_and_nothing_beyond(self, layer, generator):
        model = ManyToOne(layer, linear(layer.output_size, OUTPUTS))
        inputs = drawn(generator, SEQUENCES, STEPS, INPUTS).requires_grad_()
        assert bool(influences(model(inputs), inputs).all())
        assert influences(model(inputs, LENGTHS), inputs).sum(1).tolist() == LENGTHS.tolist()

    def test_padding_is_ignored(self, layer, generator):
        model = ManyToOne(layer, linear(layer.output_size, OUTPUTS))
        inputs = drawn(generator, SEQUENCES, STEPS, INPUTS)
        made = model(inputs, LENGTHS)
        assert torch.equal(model(beyond(float("nan"), inputs), LENGTHS), made)
        for row, length in enumerate(LENGTHS.tolist()):
            torch.testing.assert_close(model(inputs[row : row + 1, :length])[0], made[row], rtol=0, atol=1e-12)

    def test_without_other_options_it_reads_the_final_state(self, generator):
        torch.manual_seed(3)
        layer = nn.LSTM(INPUTS, HIDDEN, num_layers=2, bidirectional=True, **SHARED)
        model = ManyToOne(layer, torch.nn.Identity())
        inputs = drawn(generator, SEQUENCES, STEPS, INPUTS)
        _, (hidden, _) = layer(inputs, lengths=LENGTHS)
        assert torch.equal(model(inputs, LENGTHS), torch.cat([hidden[-2], hidden[-1]], dim=1))

    def test_added_directions_are_refused(self):
        layer = nn.GRU(INPUTS, HIDDEN, batch_first=True, bidirectional=True, merge="sum")
        with pytest.raises(SettingError, match="merge is 'sum': the sum no longer holds the last state of each"):
            ManyToOne(layer, linear(HIDDEN, OUTPUTS))


class TestManyToMany:
    def test_each_step_has_its_output(self, layer, generator):
        model = ManyToMany(layer, linear(layer.output_size, OUTPUTS))
        inputs = drawn(generator, SEQUENCES, STEPS, INPUTS)
        made = model(inputs, LENGTHS)
        assert made.shape == (SEQUENCES, STEPS, OUTPUTS)
        for row, length in enumerate(LENGTHS.tolist()):
            torch.testing.assert_close(made[row, :length], model(inputs[row : row + 1, :length])[0])
            assert not made[row, length:].any()

    @pytest.mark.parametrize("name", ["gru", "rnn both ways", "gru backwards"])
    def test_a_step_sees_what_its_direction_has_read(self, name, generator):
        kind, options = LAYERS[name]
        torch.manual_seed(3)
        layer = kind(INPUTS, HIDDEN, **options, **SHARED)
        model = ManyToMany(layer, linear(layer.output_size, OUTPUTS))
        inputs = drawn(generator, SEQUENCES, STEPS, INPUTS).requires_grad_()
        seen = influences(model(inputs)[:, 2], inputs).all(0).tolist()
        expected = {"gru": [0, 1, 2], "rnn both ways": range(STEPS), "gru backwards": [2, 3, 4, 5]}[name]
        assert [step for step in range(STEPS) if seen[step]] == list(expected)


ATTENTIONS = {"none": None, "additive": AdditiveAttention, "dot product": ScaledDotProductAttention}


def translator(attention, kind=nn.LSTM, bidirectional=False, n_layers=1):
    """An encoder and a decoder that is fed OUTPUTS features."""
    torch.manual_seed(3)
    encoder = kind(INPUTS, HIDDEN, num_layers=n_layers, bidirectional=bidirectional, **SHARED)
    width = HIDDEN * (2 if bidirectional else 1)
    seen = width if ATTENTIONS[attention] else 0
    decoder = kind(OUTPUTS + seen, width, num_layers=n_layers, **SHARED)
    made = ATTENTIONS[attention](width, width, 4).double() if ATTENTIONS[attention] else None
    return SequenceToSequence(encoder, decoder, linear(width + seen, OUTPUTS), feedback=torch.tanh, attention=made)


@pytest.fixture(params=["none-gru", "additive-lstm both ways", "dot product-rnn deep", "additive-lstm deep both ways"])
def model(request):
    attention, name = request.param.split("-")
    kind = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}[name.split()[0]]
    return translator(attention, kind, "both ways" in name, 2 if "deep" in name else 1)


class TestSequenceToSequence:
    @pytest.fixture
    def source(self, generator):
        return drawn(generator, SEQUENCES, STEPS, INPUTS)

    @pytest.fixture
    def start(self, generator):
        return drawn(generator, SEQUENCES, OUTPUTS)

    def test_fed_its_own_outputs_teacher_forcing_is_generation(self, model, source, start):
        made = model.generate(source, start, 8, lengths=LENGTHS)
        assert made.outputs.shape == (SEQUENCES, 8, OUTPUTS)
        fed = torch.cat([start[:, None], model.feedback(made.outputs[:, :-1])], dim=1)
        again = model(source, fed, LENGTHS)
        torch.testing.assert_close(again.outputs, made.outputs, rtol=0, atol=1e-12)
        if made.weights is not None:
            torch.testing.assert_close(again.weights, made.weights, rtol=0, atol=1e-12)

    def test_every_step_depends_on_every_source_step_and_no_padding(self, model, source, start):
        leaf = source.requires_grad_()
        made = model.generate(leaf, start, 5, lengths=LENGTHS).outputs
        for step in range(5):
            (gradient,) = torch.autograd.grad(made[:, step].sum(), leaf, retain_graph=True)
            assert (gradient.abs().sum(-1) > 0).sum(1).tolist() == LENGTHS.tolist()
        assert torch.equal(model.generate(beyond(float("nan"), source), start, 5, lengths=LENGTHS).outputs, made)

    def test_without_attention_the_final_state_is_all_that_is_known(self, source, start):
        model = translator("none")
        seen = []
        model.encoder.register_forward_hook(lambda _, __, outcome: seen.append(outcome[1]))
        wanted = model.generate(source, start, 5).outputs
        hook = model.encoder.register_forward_hook(lambda _, __, outcome: (outcome[0] * 7, seen[0]))
        assert torch.equal(model.generate(source.flip(1) + 1, start, 5).outputs, wanted)
        hook.remove()
        assert not torch.equal(model.generate(source.flip(1) + 1, start, 5).outputs, wanted)

    def test_with_attention_the_source_states_are_seen_too(self, source, start):
        model = translator("additive")
        wanted = model.generate(source, start, 5).outputs
        model.encoder.register_forward_hook(lambda _, __, outcome: (outcome[0].flip(1) + 1, outcome[1]))
        assert bool((model.generate(source, start, 5).outputs != wanted).all())

    @pytest.mark.parametrize("attention", ["additive", "dot product"])
    def test_weights_sum_to_one_over_the_source_and_are_zero_on_padding(self, attention, source, start):
        weights = translator(attention).generate(source, start, 5, lengths=LENGTHS).weights
        assert weights.shape == (SEQUENCES, 5, STEPS)
        torch.testing.assert_close(weights.sum(2), torch.ones(SEQUENCES, 5, dtype=torch.float64))
        for row, length in enumerate(LENGTHS.tolist()):
            assert bool((weights[row, :, :length] > 0).all())
            assert not weights[row, :, length:].any()

    def test_attention_asks_with_the_state_before_the_step(self, source, start):
        model = translator("dot product", n_layers=2)
        queries = []
        model.attention.register_forward_pre_hook(lambda _, given: queries.append(given[0]))
        states = []
        model.decoder.register_forward_hook(lambda _, __, outcome: states.append(outcome[1][0][-1]))
        _, (hidden, _) = model.encoder(source)
        model.generate(source, start, 3)
        assert torch.equal(queries[0], hidden[-1])
        assert torch.equal(queries[1], states[0])
        assert torch.equal(queries[2], states[1])

    def test_without_steps_there_is_no_sequence(self, model, source, start):
        with pytest.raises(ValueError, match="n_steps is -1; it must be a whole number, at least 1"):
            model.generate(source, start, -1)


GRU = {"batch_first": True}
PAIRS = {
    r"the encoder ends with layers 2, the decoder begins with 1; make them equal": (
        nn.GRU(3, 4, 2, **GRU),
        nn.GRU(3, 4, **GRU),
    ),
    r"the encoder ends with states \('hidden',\), the decoder begins with \('hidden', 'cell'\)": (
        nn.GRU(3, 4, **GRU),
        nn.LSTM(3, 4, **GRU),
    ),
    r"the encoder ends with widths \(8,\), the decoder begins with \(4,\)": (
        nn.GRU(3, 4, bidirectional=True, **GRU),
        nn.GRU(3, 4, **GRU),
    ),
    r"bidirectional is True: a layer that makes a sequence": (
        nn.GRU(3, 4, bidirectional=True, **GRU),
        nn.GRU(3, 4, bidirectional=True, **GRU),
    ),
}


@pytest.mark.parametrize("words", PAIRS)
def test_layers_that_do_not_go_together_are_named(words):
    with pytest.raises(SettingError, match=words):
        SequenceToSequence(*PAIRS[words], linear(4, 2), feedback=torch.tanh)


@pytest.mark.parametrize("kind", [OneToOne, ManyToOne, ManyToMany])
def test_time_first_is_refused(kind):
    with pytest.raises(SettingError, match=r"batch_first is False: arrangements read \(B, T, I\). Build the layer"):
        kind(nn.GRU(3, 4), linear(4, 2))


def test_time_first_is_refused_where_sequences_are_made():
    with pytest.raises(SettingError, match="batch_first is False"):
        OneToMany(nn.GRU(3, 4), linear(4, 2), torch.tanh)
    with pytest.raises(SettingError, match="batch_first is False"):
        SequenceToSequence(nn.GRU(3, 4, **GRU), nn.GRU(3, 4), linear(4, 2), feedback=torch.tanh)


DIGITS, START = 10, 10


def spelled(digits):
    return one_hot(digits, DIGITS + 1).float()


def test_with_attention_it_learns_to_reverse_digits():
    torch.manual_seed(0)
    encoder = nn.GRU(DIGITS + 1, 24, bidirectional=True, batch_first=True)
    decoder = nn.GRU(DIGITS + 1 + 48, 48, batch_first=True)
    output = torch.nn.Linear(96, DIGITS)
    attention = AdditiveAttention(48, 48, 24)
    model = SequenceToSequence(
        encoder, decoder, output, feedback=lambda logits: spelled(logits.argmax(-1)), attention=attention
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(1)
    start = torch.full((64, 1), START)
    for _ in range(120):
        digits = torch.randint(DIGITS, (64, 4), generator=generator)
        wanted = digits.flip(1)
        made = model(spelled(digits), spelled(torch.cat([start, wanted[:, :-1]], dim=1))).outputs
        loss = cross_entropy(made.flatten(0, 1), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    digits = torch.randint(DIGITS, (64, 4), generator=generator)
    with torch.no_grad():
        made = model.generate(spelled(digits), spelled(start[:, 0]), 4)
    right = (made.outputs.argmax(-1) == digits.flip(1)).float().mean()
    assert right > 0.8  # chance: 0.1
    looked_at = made.weights.argmax(-1)  # the last digit first
    assert (looked_at == torch.arange(3, -1, -1)).float().mean() > 0.5


def test_lengths_may_be_a_list():
    layer = nn.GRU(2, 3, batch_first=True)
    inputs = torch.randn(2, 4, 2, generator=torch.Generator().manual_seed(1))
    for model in (ManyToOne(layer, torch.nn.Linear(3, 1)), ManyToMany(layer, torch.nn.Linear(3, 1))):
        assert torch.equal(model(inputs, [4, 2]), model(inputs, torch.tensor([4, 2])))


def test_one_sequence_needs_a_batch_axis():
    layer = nn.GRU(2, 3, batch_first=True)
    for model in (ManyToOne(layer, torch.nn.Linear(3, 1)), ManyToMany(layer, torch.nn.Linear(3, 1))):
        with pytest.raises(ValueError, match=r"^inputs have 2 axes; \(B, T, I\) is needed. One sequence: "):
            model(torch.zeros(4, 2))
