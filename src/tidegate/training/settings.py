"""How a network is trained."""

from __future__ import annotations

from typing import NamedTuple

from tidegate.errors import SettingError


class Training(NamedTuple):
    """Settings of training; every default is a fixed number or a fixed rule, never a clock.

    Attributes
    ----------
    n_updates
        Steps of the optimiser; None derives them from the number of windows and their length (see `updates`).
    batch_size
        Windows per update, B, at least 1.
    learning_rate
        Of AdamW, at its peak; positive.
    weight_decay
        Of AdamW, at least 0.
    clip_norm
        Largest norm of the gradient of one update; positive.
    warmup_fraction
        Part of the run in which the learning rate rises to its peak, in [0, 1); it falls along a cosine after.
    held_out_fraction
        Newest part of each series that early stopping judges by, in [0, 0.5]; 0 trains to the end without.
    n_checks
        How often in a run the held-out loss is taken, at least 1.
    patience
        Checks without improvement after which a run stops, at least 1.
    budget
        Wall-clock seconds of a fit's training, positive: the one clock that may decide a result. Where it would not
        suffice for the updates, fewer are made, and the learning rate ends its course with them. None for no limit.
    processes
        Processes that share each batch, at least 1 (see `parallel.shared`). Starting one takes seconds, so more than 1
        pays from about a minute of training. Another number gives another run: sums round otherwise, what is drawn
        besides the windows (dropout, origins of the hybrid) differs, and with values missing parts are averaged evenly.
    """

    n_updates: int | None = None
    batch_size: int = 64
    learning_rate: float = 0.005
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    warmup_fraction: float = 0.1
    held_out_fraction: float = 0.1
    n_checks: int = 20
    patience: int = 10
    budget: float | None = None
    processes: int = 1

    def share(self, fraction: float) -> Training:
        """Return the same settings with this fraction of the budget, if there is one."""
        return self if self.budget is None else self._replace(budget=self.budget * fraction)

    def after(self, seconds: float) -> Training:
        """Return the same settings with what of the budget is left after these seconds, if there is one."""
        return self if self.budget is None else self._replace(budget=max(self.budget - seconds, 0.0))


_FEWEST, _MOST, _UTMOST = 100, 600, 1_500
_WINDOWS, _STEPS = 100, 48


def updates(training: Training, n_windows: int, window_steps: int = _STEPS) -> int:
    """Return how many updates to make: 100 for up to 100 windows, then growing with their root, at most 600.

    Four times the data get twice the updates; the cap keeps a large panel to seconds. Windows of more than 48 steps
    hold more to learn: the cap grows with them up to 1,500, as helped on the ends of the training parts of NN5 (112
    steps) and hourly M4 (96).

    Parameters
    ----------
    training
        Its own number counts as it is.
    n_windows
        To learn from.
    window_steps
        Steps of each, T.
    """
    if training.n_updates is not None:
        return training.n_updates
    wanted = _FEWEST * (max(n_windows, 1) / _WINDOWS) ** 0.5
    most = min(_MOST * max(window_steps / _STEPS, 1.0), _UTMOST)
    return int(min(max(round(wanted, -1), _FEWEST), round(most, -1)))


def checked(training: Training | tuple[float | None, ...]) -> Training:
    """Return `training` as Training.

    Raises
    ------
    SettingError
        If one of its numbers is outside its limits.
    """
    made = training if isinstance(training, Training) else Training(*training)  # type: ignore[arg-type]  # a saved one
    limits: dict[str, tuple[float, float]] = {
        "n_updates": (1, float("inf")),
        "batch_size": (1, float("inf")),
        "learning_rate": (0, float("inf")),
        "weight_decay": (0, float("inf")),
        "clip_norm": (0, float("inf")),
        "warmup_fraction": (0, 0.99),
        "held_out_fraction": (0, 0.5),
        "n_checks": (1, float("inf")),
        "patience": (1, float("inf")),
        "budget": (0, float("inf")),
        "processes": (1, float("inf")),
    }
    for name, (least, most) in limits.items():
        value = getattr(made, name)
        if value is None and name in ("n_updates", "budget"):
            continue
        whole = name != "budget" and isinstance(Training._field_defaults[name] or 1, int)
        if (
            isinstance(value, bool)
            or not isinstance(value, int if whole else int | float)
            or not least <= value <= most
        ):
            kind = "a whole number" if whole else "a number"
            raise SettingError(f"training: {name} is {value!r}; it must be {kind} {_range(least, most)}.")
    if made.learning_rate == 0 or made.clip_norm == 0:
        name = "learning_rate" if made.learning_rate == 0 else "clip_norm"
        raise SettingError(f"training: {name} is 0, so nothing would be learned; try {Training._field_defaults[name]}.")
    if made.budget == 0:
        raise SettingError("training: budget is 0 seconds; it must be above 0, or None for no limit.")
    return made


def _range(least: float, most: float) -> str:
    return f"of at least {least}" if most == float("inf") else f"from {least} to {most}"
