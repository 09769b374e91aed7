"""The equations on the cards are the code: their text is evaluated in numpy and compared with the cells.

Grammar of a line, after what `card.Equation` says::

    equation   := name "=" expression
    expression := term (("+" | "-") term)*
    term       := factor (("*" | "/") factor)*
    factor     := "-" factor | matrix factor | atom
    atom       := number | name | function "(" expression ("," expression)* ")" | "(" expression ")"

A matrix is a name of capital letter W, R or P; a matrix beside a factor is their product.
"""

import dataclasses
import itertools
import re
import typing

import numpy as np
import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.card import filled
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.cell import Sizes, advance, n_parameters
from tidegate.nn.cells.elman import read_out

SYMBOLS = {"hidden": "h", "cell": "c", "normaliser": "n", "stabiliser": "m"}
TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:e[-+]?\d+)?)|([A-Za-z]\w*?_\{t-1\}|[A-Za-z]\w*)|([-+*/(),=]))")


def sigma(v):
    return 1 / (1 + np.exp(-v))


def clip(v, limit):
    return np.clip(v, -limit, limit)


def softmax(v):
    raised = np.exp(v - v.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


FUNCTIONS = {
    "sigma": sigma,
    "tanh": np.tanh,
    "relu": lambda v: np.maximum(v, 0),
    "exp": np.exp,
    "log": np.log,
    "softplus": lambda v: np.logaddexp(0, v),
    "abs": np.abs,
    "softmax": softmax,
    "max": np.maximum,
    "min": np.minimum,
    "clip": clip,
    "g": lambda v: np.where(v >= 0, v + 0.5, sigma(v)),
}


class Reader:
    """Reads one right-hand side and computes it on the way; rows are sequences, so a matrix acts from the right."""

    def __init__(self, text, values):
        self.text, self.values = text, values
        self.tokens = self.split(text)

    @staticmethod
    def split(text):
        tokens, at = [], 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise SyntaxError(f"cannot read {text[at:]!r}")
            tokens.append(found[found.lastindex])
            at = found.end()
        return tokens

    def value(self):
        made = self.expression()
        if self.tokens:
            raise SyntaxError(f"{self.text!r} goes on with {' '.join(self.tokens)!r}")
        return made

    def next_is(self, *wanted):
        return bool(self.tokens) and self.tokens[0] in wanted

    def take(self, wanted=None):
        if not self.tokens or (wanted and self.tokens[0] != wanted):
            raise SyntaxError(f"{self.text!r}: {wanted or 'more'} expected before {' '.join(self.tokens)!r}")
        return self.tokens.pop(0)

    def expression(self):
        made = self.term()
        while self.next_is("+", "-"):
            made = made + self.term() if self.take() == "+" else made - self.term()
        return made

    def term(self):
        made = self.factor()
        while self.next_is("*", "/"):
            made = made * self.factor() if self.take() == "*" else made / self.factor()
        return made

    def factor(self):
        if self.next_is("-"):
            self.take()
            return -self.factor()
        if self.tokens and re.fullmatch(r"[WR](_\w+)?|P", self.tokens[0]):
            matrix = self.values[self.take()]
            return self.factor() @ matrix.T
        return self.atom()

    def atom(self):
        token = self.take()
        if token == "(":
            made = self.expression()
            self.take(")")
            return made
        if token in FUNCTIONS:
            self.take("(")
            given = [self.expression()]
            while self.next_is(","):
                self.take()
                given.append(self.expression())
            self.take(")")
            return FUNCTIONS[token](*given)
        return float(token) if token[0].isdigit() else self.values[token]


def evaluated(equations, values):
    """Return every left-hand side with its value, computed line by line."""
    values = dict(values)
    for equation in equations:
        left, equals, right = equation.text.partition(" = ")
        assert equals, f"{equation.text!r} has no equals sign"
        values[left] = Reader(right, values).value()
    return values


def weights_of(cell, sizes, rng):
    return {role: rng.normal(0, 0.7, shape) for role, shape in cell.shapes(sizes).items()}


def named(cell, weights):
    """Return the weights as the equations call them."""
    letters = {"input": "W", "recurrent": "R", "input_bias": "b", "recurrent_bias": "r"}
    values = {}
    for role, weight in weights.items():
        if role == "projection":
            values["P"] = weight
        elif role == "peephole":
            values |= {f"p_{gate}": row for gate, row in zip(cell.peeping, weight, strict=True)}
        elif len(weight) < len(weights["input"]):  # the gates have no biases
            values[f"{letters[role]}_candidate"] = weight
        else:
            blocks = np.split(weight, len(cell.gates))
            values |= {f"{letters[role]}_{gate}": block for gate, block in zip(cell.gates, blocks, strict=True)}
            if len(blocks) == 1:
                values[letters[role]] = weight
    return values


def before(cell, sizes, rng, rows):
    """Return a random state; a normaliser is at least 1, as it is in use."""
    widths = [sizes.shown, *[sizes.hidden] * (len(cell.states) - 1)]
    state = {name: rng.normal(0, 1, (rows, width)) for name, width in zip(cell.states, widths, strict=True)}
    return {name: 1 + abs(part) if name == "normaliser" else part for name, part in state.items()}


def choices(field_type):
    """Return representative values of an option."""
    if typing.get_origin(field_type) is typing.Literal:
        return typing.get_args(field_type)
    if field_type is bool:
        return (False, True)
    inner = typing.get_args(field_type)
    if typing.get_origin(field_type) is tuple:
        every = typing.get_args(inner[0])
        return tuple(part for n in range(len(every) + 1) for part in itertools.combinations(every, n))
    if float in inner:
        return (None, 0.25)
    raise TypeError(f"say which values of {field_type} to try")


def forms(kind):
    """Return every cell of `kind` that its options allow."""
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    found = []
    for values in itertools.product(*(choices(hints[name]) for name in names)):
        try:
            found.append(kind(**dict(zip(names, values, strict=True))))
        except SettingError:
            continue
    return found


def compared(cell, sizes, equations=None):
    """Run one random step by the code and by the equations; every state and gate must agree."""
    rng = np.random.default_rng(17)
    weights, state = weights_of(cell, sizes, rng), before(cell, sizes, rng, 5)
    x = rng.normal(0, 1, (5, sizes.inputs))
    tensors = {role: torch.from_numpy(weight) for role, weight in weights.items()}
    made = advance(cell, torch.from_numpy(x), tuple(map(torch.from_numpy, state.values())), tensors)
    given = {f"{SYMBOLS[part]}_{{t-1}}": values for part, values in state.items()}
    lines = equations or cell.card().step(projected=bool(sizes.projected))
    found = evaluated(lines, {**named(cell, weights), **given, "x_t": x})
    for part, new in zip(cell.states, made.state, strict=True):
        np.testing.assert_allclose(found[f"{SYMBOLS[part]}_t"], new.numpy(), rtol=0, atol=1e-12, err_msg=f"{cell}")
    for gate, opened in made.gates.items():
        if f"{gate}_t" in found:
            np.testing.assert_allclose(found[f"{gate}_t"], opened.numpy(), rtol=0, atol=1e-12, err_msg=f"{cell}")
        else:
            assert bool((opened == 1).all()), f"the card of {cell} leaves out its {gate} gate"


@pytest.mark.parametrize("name", CELLS)
def test_the_equations_are_the_code(name):
    for cell in forms(CELLS[name]):
        compared(cell, Sizes(3, 4))


@pytest.mark.parametrize(
    "name", [name for name, kind in CELLS.items() if "projection" in kind().shapes(Sizes(3, 4, 2))]
)
def test_the_projected_equations_are_the_code(name):
    for cell in forms(CELLS[name]):
        compared(cell, Sizes(3, 4, 2))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("sizes", [Sizes(3, 5), Sizes(7, 2), Sizes(3, 5, 2)], ids=["wide", "narrow", "projected"])
def test_the_formula_counts_the_parameters(name, sizes):
    letters = {"I": sizes.inputs, "H": sizes.hidden, "P": sizes.projected}
    for cell in forms(CELLS[name]):
        if sizes.projected and "projection" not in cell.shapes(sizes):
            assert not cell.card().projected_count
            continue
        count = cell.card().projected_count if sizes.projected else cell.card().count
        assert Reader(filled(count, letters), {}).value() == n_parameters(cell, sizes), f"{cell}: {count}"


def test_the_line_of_the_output_layer_is_the_code():
    rng = np.random.default_rng(3)
    h, weight, bias = rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)
    (line,) = CELLS["elman"]().card().read_out()
    found = evaluated([line], {"h_t": h, "W_y": weight, "b_y": bias})["y_t"]
    made = read_out(*map(torch.from_numpy, (h, weight, bias)), activation="softmax")
    np.testing.assert_allclose(found, made.numpy(), rtol=0, atol=1e-12)


MISTAKES = {
    "two gates swapped": ("gru", "W_reset", "W_update"),
    "the other convention": ("gru", "(1 - update_t) * candidate_t + update_t * h_{t-1}",
                             "update_t * candidate_t + (1 - update_t) * h_{t-1}"),
    "reset before instead of after": ("gru", "reset_t * (R_candidate h_{t-1} + r_candidate)",
                                      "(R_candidate (reset_t * h_{t-1}) + r_candidate)"),
    "a bias left out": ("lstm", " + b_forget", ""),
    "the wrong squashing": ("lstm", "output_t * tanh(c_t)", "output_t * sigma(c_t)"),
    "a step too early": ("lstm", "forget_t * c_{t-1}", "forget_t * h_{t-1}"),
    "not normalised": ("slstm", " / n_t", ""),
    "the wrong sign": ("elman", " + R_hidden", " - R_hidden"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_on_the_blackboard_is_caught(mistake):
    name, right, wrong = MISTAKES[mistake]
    cell = CELLS[name]()
    lines = [dataclasses.replace(line, text=line.text.replace(right, wrong)) for line in cell.card().step()]
    assert lines != list(cell.card().step())
    with pytest.raises(AssertionError, match="Mismatched elements"):
        compared(cell, Sizes(3, 4), lines)


def test_a_formula_that_counts_wrong_is_caught():
    letters = {"I": 3, "H": 5, "P": 0}
    assert Reader(filled("3 (H I + H H + H)", letters), {}).value() != n_parameters(CELLS["gru"](), Sizes(3, 5))


@pytest.mark.parametrize("text", ["W x_t b", "sigma(x_t", "x_t ?", "(x_t", "x_t +"])
def test_what_is_no_equation_is_not_read(text):
    with pytest.raises((SyntaxError, KeyError)):
        Reader(text, {"x_t": np.ones((2, 3)), "W": np.ones((4, 3))}).value()


def test_a_matrix_binds_tighter_than_a_product():
    x, gate = np.arange(6.0).reshape(2, 3), np.array([2.0, 3.0])
    matrix, h = np.arange(6.0).reshape(2, 3), np.ones((2, 2))
    values = {"x_t": x, "W": matrix, "gate_t": gate, "h_{t-1}": h}
    made = Reader("1 - gate_t * W x_t / 2 + -h_{t-1}", values).value()
    np.testing.assert_allclose(made, 1 - gate * (x @ matrix.T) / 2 - h)
