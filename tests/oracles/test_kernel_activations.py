"""exp, sigmoid and tanh of the compiled kernels, on every instruction set this processor offers.

Single precision is compared with numpy's double precision, double with long double and with mpmath. The unit of every
error is the spacing of the numbers where the true value lies.
"""

import ctypes

import mpmath
import numpy as np
import pytest

from tidegate.kernels.library import LEVELS, library, offered

NAMES = ("exp", "sigmoid", "tanh")
SUFFIXES = {np.float32: "f32", np.float64: "f64"}
WHOLE = {np.float32: np.uint32, np.float64: np.uint64}
UNITS = 3
"""Units in the last place that a result may be off."""
RUN = 257
"""Neighbouring numbers that are looked at together."""

precisions = pytest.mark.parametrize("dtype", SUFFIXES, ids=SUFFIXES.values())
names = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(params=LEVELS)
def activation(request, monkeypatch):
    """Computes a function of an array by its name, on one instruction set."""
    if request.param not in offered():
        pytest.skip(f"{request.param} kernels are not offered here")
    monkeypatch.setenv("TIDEGATE_KERNELS", request.param)
    loaded = library()

    def compute(name, values):
        function = loaded.function(f"tidegate_{name}_forward_{SUFFIXES[values.dtype.type]}")
        function.argtypes, function.restype = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64), None
        results = np.empty_like(values)
        function(values.ctypes.data, results.ctypes.data, values.size)
        return results

    return compute


def true(name, values):
    """The function in the precision of `values`, right to its last places whatever their sign."""
    with np.errstate(over="ignore", under="ignore"):
        if name == "sigmoid":
            small = np.exp(-np.abs(values))
            return np.where(values < 0, small, 1) / (1 + small)
        return {"exp": np.exp, "tanh": np.tanh}[name](values)


def worst(results, expected):
    """The largest error in units of the last place; infinite results count where the truth is no number either."""
    kind = np.finfo(results.dtype)
    least = np.frexp(kind.smallest_subnormal)[1] - 1
    units = np.ldexp(np.ones_like(expected), np.maximum(np.frexp(expected)[1] - kind.nmant - 1, least))
    beyond = expected >= kind.max  # what is in the way of rounding up to infinity
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(results - expected) / units
    reached = results[beyond] >= kind.max * (1 - UNITS * kind.eps)
    assert reached.all()
    assert np.isfinite(results[~beyond]).all()
    return errors[~beyond].max(initial=0)


def neighbours(places, dtype):
    """Runs of adjacent positive numbers about `places`, one a row, ascending."""
    bits = np.abs(places).astype(dtype).view(WHOLE[dtype])[:, None].astype(np.int64) + np.arange(RUN) - RUN // 2
    top = np.array(np.inf, dtype).view(WHOLE[dtype]).astype(np.int64)
    return np.clip(bits, 0, top).astype(WHOLE[dtype]).view(dtype)


def places(dtype, seed=0):
    """Where something changes: edges of the reduction, overflow, underflow, saturation, powers of two; and others."""
    kind, generator = np.finfo(dtype), np.random.default_rng(seed)
    edges = (np.arange(2 * kind.maxexp + 2 * kind.nmant) + 0.5) * np.log(2) / 2
    powers = np.ldexp(1.0, np.arange(kind.minexp - kind.nmant, 12))
    special = [0.0, 0.625, np.log(kind.max), -np.log(kind.tiny), -np.log(kind.smallest_subnormal), kind.max]
    saturated = np.log(2) * np.array([kind.nmant + 1, kind.nmant + 2, (kind.nmant + 2) / 2, (kind.nmant + 3) / 2])
    drawn = [generator.uniform(0, -np.log(kind.smallest_subnormal), 1000), np.abs(generator.normal(size=1000))]
    drawn.append(10 ** generator.uniform(-12, 1, 1000))
    return np.concatenate([edges, powers, special, saturated, *drawn])


def single(first, last, step):
    """The positive float32 whose bits, read as a whole number, are `first`, `first + step`, ... below `last`."""
    return np.arange(first, last, step, dtype=np.uint32).view(np.float32)


INFINITE = int(np.array(np.inf, np.float32).view(np.uint32))


def check_order(activation, name, positive):
    """Order and symmetry of the results of ascending positive numbers and of their opposites; return both."""
    up, down = activation(name, positive), activation(name, -positive)
    assert (up[1:] >= up[:-1]).all()
    assert (down[1:] <= down[:-1]).all()
    check_opposites(name, up, down)
    return up, down


def check_errors(name, positive, results):
    """Errors of the results of positive numbers and of their opposites."""
    for values, result in zip((positive, -positive), results, strict=True):
        assert worst(result, true(name, values.astype(np.float64))) <= UNITS


def check_opposites(name, up, down):
    """What holds between the results of numbers and those of their opposites, and the bounds of both."""
    if name == "tanh":
        np.testing.assert_array_equal((-up).view(WHOLE[up.dtype.type]), down.view(WHOLE[up.dtype.type]))
        assert up.max() <= 1
    if name == "sigmoid":
        assert up.max() <= 1
        assert down.min() >= 0
        assert np.abs((up - 1) + down).max() <= 2 * np.finfo(up.dtype).eps


@names
def test_single_precision_over_the_whole_range(activation, name):
    positive = single(0, INFINITE + 1, 1009)
    check_errors(name, positive, check_order(activation, name, positive))


@pytest.mark.slow
@names
def test_every_number_of_single_precision(activation, name):
    chunk = 1 << 21
    for first in range(0, INFINITE + 1, chunk - 1):  # chunks share a number, so that no pair of neighbours is left out
        positive = single(first, min(first + chunk, INFINITE + 1), 1)
        results = check_order(activation, name, positive)
        if positive[-1] >= 2.0**-13 and positive[0] <= 128:  # elsewhere a sample is enough: the results are plain
            check_errors(name, positive, results)


@precisions
@names
def test_neighbours_are_in_order(activation, name, dtype):
    runs = neighbours(places(dtype), dtype)
    up, down = activation(name, runs), activation(name, -runs)
    assert (up[:, 1:] >= up[:, :-1]).all()
    assert (down[:, 1:] <= down[:, :-1]).all()
    check_opposites(name, up, down)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is no longer than double here")
@names
def test_double_precision_against_long_double(activation, name):
    runs = neighbours(places(np.float64, seed=1), np.float64)[:, ::16].ravel()
    for values in (runs, -runs):
        assert worst(activation(name, values), true(name, values.astype(np.longdouble))) <= UNITS


@precisions
@names
def test_values_against_mpmath(activation, name, dtype):
    runs = neighbours(places(dtype, seed=2)[::7], dtype)[:, RUN // 2]
    values = np.concatenate([runs, -runs])
    values = values[np.abs(values) < 2000]
    functions = {"exp": mpmath.exp, "sigmoid": lambda x: mpmath.exp(x) / (1 + mpmath.exp(x)), "tanh": mpmath.tanh}
    kind, results = np.finfo(dtype), activation(name, values)
    least = np.frexp(kind.smallest_subnormal)[1] - 1
    with mpmath.workprec(200):
        for value, result in zip(values.tolist(), results.tolist(), strict=True):
            exact = functions[name](mpmath.mpf(value))
            if exact >= kind.max:
                assert result >= kind.max * (1 - UNITS * kind.eps)
                continue
            unit = mpmath.ldexp(1, max(mpmath.frexp(exact)[1] - kind.nmant - 1, least))
            assert abs(result - exact) <= UNITS * unit, value


@precisions
def test_limits(activation, dtype):
    kind = np.finfo(dtype)
    ends = np.array([-np.inf, -kind.max, -0.0, 0.0, kind.max, np.inf], dtype)
    np.testing.assert_array_equal(activation("exp", ends), [0, 0, 1, 1, np.inf, np.inf])
    np.testing.assert_array_equal(activation("sigmoid", ends), [0, 0, 0.5, 0.5, 1, 1])
    results = activation("tanh", ends)
    np.testing.assert_array_equal(results, [-1, -1, 0, 0, 1, 1])
    np.testing.assert_array_equal(np.signbit(results), np.signbit(ends))


@precisions
@names
def test_nan_stays_nan_and_alone(activation, name, dtype):
    values = np.linspace(-3, 3, 61, dtype=dtype)
    expected = activation(name, values)
    for sign in (1, -1):
        values[::3] = np.copysign(dtype(np.nan), dtype(sign))
        results = activation(name, values)
        assert np.isnan(results[::3]).all()
        for first in (1, 2):
            np.testing.assert_array_equal(results[first::3], expected[first::3])


@precisions
def test_subnormal_numbers(activation, dtype):
    kind = np.finfo(dtype)
    values = np.array([1, 2, 3, 1000, 12345], dtype) * kind.smallest_subnormal
    values = np.concatenate([values, [kind.tiny - kind.smallest_subnormal, kind.tiny]]).astype(dtype)
    for signed in (values, -values):
        np.testing.assert_array_equal(activation("tanh", signed), signed)
        np.testing.assert_array_equal(activation("exp", signed), 1)
        np.testing.assert_array_equal(activation("sigmoid", signed), 0.5)


@precisions
@names
def test_any_number_of_values_and_none_beyond_them(activation, name, dtype):
    values = np.random.default_rng(3).normal(size=70).astype(dtype)
    every = activation(name, values)
    for count in range(40):
        results = np.full(70, 7, dtype)
        results[:count] = activation(name, values[:count].copy())
        np.testing.assert_array_equal(results[:count], every[:count])
        np.testing.assert_array_equal(activation(name, values[count:].copy()), every[count:])


@precisions
@names
def test_the_measure_sees_what_is_off(name, dtype):
    values = np.random.default_rng(4).normal(size=100)
    results = true(name, values).astype(dtype)
    assert worst(results, true(name, values)) <= 0.5
    results[17] = (results[17:18].view(WHOLE[dtype]) + WHOLE[dtype](5)).view(dtype)[0]
    assert worst(results, true(name, values)) > UNITS
