"""What the compiled kernels read, field by field as in ``csrc/layer.h`` and ``csrc/smoothing.h``."""

from __future__ import annotations

import ctypes

ABI = 1
"""The number of the interface: the kernels' own must be the same."""

MOST_SEASONS = 2

POINTERS = (
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    "peephole",
    "h0",
    "c0",
    "packed",
    "y",
    "hn",
    "cn",
    "saved",
    "dy",
    "dhn",
    "dcn",
    "dh0",
    "dc0",
    "dweight_ih",
    "dweight_hh",
    "dbias_ih",
    "dbias_hh",
    "dpeephole",
    "norms",
    "saturated",
)
"""Addresses of one direction's arrays; None for what there is not."""

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "peephole")
"""Those that are weights."""


class Direction(ctypes.Structure):
    """One direction of a layer."""

    _fields_ = [*((name, ctypes.c_void_p) for name in POINTERS), ("reverse", ctypes.c_int64)]


class Layer(ctypes.Structure):
    """Sizes, strides in entries and addresses of one layer's work."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("time", "batch", "inputs", "hidden")),
        ("x", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("x_time", "x_batch", "y_time", "y_batch", "dy_time", "dy_batch")),
        *((name, ctypes.c_void_p) for name in ("dx", "lengths", "order", "workspace")),
        *((name, ctypes.c_int64) for name in ("threads", "directions", "recompute")),
        ("margin", ctypes.c_double),
        ("direction", Direction * 2),
    ]


class SmoothingSeason(ctypes.Structure):
    """One season of what is smoothed."""

    _fields_ = (
        ("steps", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("first", "gamma", "factors", "dfactors")),
        ("dfactors_time", ctypes.c_int64),
        ("dfirst", ctypes.c_void_p),
        ("dgamma", ctypes.c_void_p),
    )


class Smoothing(ctypes.Structure):
    """Sizes, strides in entries and addresses of what is smoothed."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("time", "batch", "threads", "n_seasons")),
        ("values", ctypes.c_void_p),
        ("values_time", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("alpha", "start", "lengths", "levels", "dlevels")),
        ("dlevels_time", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in ("dvalues", "dalpha", "dstart")),
        ("season", SmoothingSeason * MOST_SEASONS),
    )
