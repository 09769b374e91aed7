"""From a fitted forecaster to the subject that is looked into: its network, the windows it reads, what units may track.

Axis letters: T past steps, B windows, F steps ahead, K signals.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from tidegate.errors import DataError, Place, SettingError
from tidegate.evaluation.held import refusal
from tidegate.features.windows import Origins
from tidegate.insight.subject import Signals, Subject
from tidegate.insight.where import chosen, spaced
from tidegate.nn.decoders.segment import PatchEncoder
from tidegate.nn.stack import Recurrent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tidegate.evaluation.held import Held
    from tidegate.forecasters.network.opened import Opened
    from tidegate.insight.where import Where
    from tidegate.nn.decoders.reading import Network, Reading

    Floats = NDArray[np.float64]

_MOST_COLUMNS = 12


class Target(NamedTuple):
    """What is looked into.

    Attributes
    ----------
    held
        The forecaster, and what holds it.
    opened
        Its networks and windows.
    member
        Which network, from 1.
    place
        Which series of the panel.
    ends
        Shape (B + 1,): rows of the series before each origin; those of the newest origin of all come last.
    subject
        What `walk` takes.
    """

    held: Held
    opened: Opened
    member: int
    place: int
    ends: NDArray[np.int64]
    subject: Subject

    @property
    def network(self) -> Network:
        """The network itself."""
        return self.opened.networks[self.member - 1]

    @property
    def rows(self) -> slice:
        """Rows of the newest window in the panel."""
        stop = int(self.opened.panel.offsets[self.place]) + int(self.ends[-1])
        return slice(stop - self.opened.windows.layout.window_steps, stop)


def target(found: Held, place: Where) -> Target:
    """Return what is to be looked into of a recurrent model over windows; errors are those of `inspection.inspect`."""
    data, outer = found.read(place.data)
    model = found.model
    opened = model.opened(data)
    if not all(_is_recurrent(one) for one in opened.networks):
        raise SettingError(refusal(found.model))
    if outer is not None:
        opened = opened._replace(panel=opened.panel.scaled(outer), factors=opened.factors * outer)
    place.check(len(opened.networks))
    number = chosen(opened.panel, place.series)
    steps = place.steps_of(model.horizon_)
    ends = _ends(opened, number, horizon=model.horizon_, count=place.origins_of(len(steps)))
    windows = Origins(number + 0 * ends, ends)
    return Target(found, opened, place.member, number, ends, _subject(opened, place.member - 1, windows, steps))


def layers_of(network: torch.nn.Module) -> Recurrent:
    """Return the layers that read the window: the first recurrent ones of `network`."""
    return next(module for module in network.modules() if isinstance(module, Recurrent))


def _is_recurrent(network: torch.nn.Module) -> bool:
    return any(isinstance(module, Recurrent) for module in network.modules())


def _ends(opened: Opened, place: int, *, horizon: int, count: int) -> NDArray[np.int64]:
    """Return origins with a whole window before and a horizon after them, evenly spread, and the end of the series."""
    panel, steps = opened.panel, opened.windows.layout.window_steps
    length = int(panel.lengths[place])
    if length < steps + horizon:
        raise DataError(
            f"{length} observations; the network reads windows of {steps}, and their gradient needs the {horizon} "
            f"values after them: {steps + horizon} in all",
            place=Place(series=str(panel.ids[place])),
            repair="Give a longer series, or fit with a shorter window: --set window=N.",
        )
    last = length - horizon
    return np.concatenate([spaced(steps, last, count), [length]])


def _subject(opened: Opened, number: int, origins: Origins, steps: tuple[int, ...]) -> Subject:
    network = copy.deepcopy(opened.networks[number]).requires_grad_(requires_grad=False).eval()
    windows = opened.windows
    batch = windows.batch(origins)
    reading, n_windows = batch.reading, len(origins.ends) - 1
    measured = Origins(origins.series[:-1], origins.ends[:-1])
    frame = type(batch.frame)(*(part[:-1] for part in batch.frame))
    actual = torch.cat([windows.target(measured, frame), torch.full_like(reading.base[:1], torch.nan)])

    def losses() -> torch.Tensor:
        whole = torch.where(actual.isnan(), reading.base, actual)
        found = network.head.loss(network(reading), whole, reading.unit)
        return torch.where(actual.isnan(), 0, found)

    every = next((one.patch_steps for one in network.modules() if isinstance(one, PatchEncoder)), 1)
    signals = _signals(opened, origins, reading, every)
    return Subject(layers_of(network), losses, steps, n_windows, every, signals)


def _signals(opened: Opened, origins: Origins, reading: Reading, every: int) -> Signals:
    """Return value, level, seasons and covariates at the steps of the layers: every so many of the window's."""
    windows = opened.windows
    z = reading.window[..., 0].double().numpy()
    n_steps = len(z)
    seasons = [season for season in windows.layout.seasons if season <= n_steps]
    found = {"value": z, f"level (mean of {_level_steps(opened)})": _trailing_mean(z, _level_steps(opened))}
    pairs = {name: np.stack([values, np.zeros_like(values)], axis=-1) for name, values in found.items()}
    rows = origins.ends[None, :] - n_steps + np.arange(n_steps)[:, None]
    for season in seasons:
        angle = 2 * np.pi * rows / season
        pairs[f"season of {season}"] = np.stack([np.sin(angle), np.cos(angle)], axis=-1)
    shifts = np.arange(-n_steps + 1, 1)
    for kind in ("known", "past"):
        encoded = getattr(windows.inputs, f"{kind}_at")(origins, shifts).transpose(1, 0, 2)
        for k, name in enumerate(getattr(windows.inputs.encoding, kind).columns[:_MOST_COLUMNS]):
            pairs[name] = np.stack([encoded[..., k], np.zeros_like(z)], axis=-1)
    kept = np.arange(n_steps - 1, -1, -every)[::-1]
    return Signals(tuple(pairs), np.stack(list(pairs.values()), axis=2)[kept])


def _level_steps(opened: Opened) -> int:
    layout = opened.windows.layout
    return layout.seasons[0] if layout.seasons else max(2, layout.window_steps // 4)


def _trailing_mean(values: Floats, steps: int) -> Floats:
    """Return the mean of the newest `steps` up to each step of (T, B), of fewer at the beginning."""
    total = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), values]), axis=0)
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(stop - steps, 0)
    return np.asarray((total[stop] - total[start]) / (stop - start)[:, None])
