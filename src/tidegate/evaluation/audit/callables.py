"""Anyone's forecaster as a Python callable: called with frames, its answers checked, its mistakes named."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.errors import InputError, SettingError
from tidegate.evaluation.audit import frames
from tidegate.evaluation.audit.subject import Judged, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from tidegate.panel import Panel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


class Predict:
    """A callable ``predict(history, horizon)``, or ``predict(history, horizon, future)``.

    Parameters
    ----------
    function
        Called with a pandas frame (unique_id, ds, y, covariates) and the horizon; with `takes_future` also with the
        known covariates of the next steps, or None.
    name
        What to call it.
    horizon
        Steps ahead.
    takes_future
        Whether it has a third parameter called `future`.
    """

    kind: Kind = "predict"

    def __init__(self, function: Callable[..., Any], name: str, horizon: int, *, takes_future: bool = False) -> None:
        self.function, self.name, self.horizon, self.takes_future = function, name, horizon, takes_future
        self.notes: list[str] = []
        self._together = True

    def forecasts(self, histories: Sequence[Panel]) -> Floats:
        """Return forecasts (V, N, F), all histories in one frame if it takes that; see `Subject`."""
        shape = (len(histories), len(histories[0]), self.horizon)
        if self._together and len(histories) > 1:
            try:
                return self._asked(histories).reshape(shape)
            except InputError:
                plain = self._asked(histories[:1])
                self._together = False
                self.notes.append(
                    f"{self.name} takes no series but those that it knows: it is called once for every change, and "
                    "where it learns on each call, its training differs from call to call."
                )
                rest = [self._asked([panel]) for panel in histories[1:]]
                return np.stack([plain, *rest]).reshape(shape)
        return np.stack([self._asked([panel]) for panel in histories]).reshape(shape)

    def afresh(self, panel: Panel) -> Floats:
        """Return forecasts (N, F) of one call."""
        return self._asked([panel])

    def judged(self, panel: Panel, origins: Integers) -> Judged:
        """Return forecasts at `origins` after a call with everything, so that what it keeps from there shows."""
        self._asked([panel])
        cut = [panel.before(ends, self.horizon) for ends in origins]
        return Judged(origins, self.forecasts(cut))

    def reordered(self, panel: Panel) -> Floats:
        """Return forecasts (N, F), the series handed over in the opposite order."""
        turned = self._asked([panel.take(np.arange(len(panel))[::-1])])
        return turned[::-1]

    def _asked(self, histories: Sequence[Panel]) -> Floats:
        """Return the checked answer to one call, (V * N, F)."""
        asked = frames.histories(histories, self.horizon)
        given = asked.frame.copy(deep=True)
        extra = (None if asked.future is None else asked.future.copy(deep=True),) if self.takes_future else ()
        answer = called(self.function, (given, self.horizon, *extra), self.name)
        frames.check_untouched(asked.frame, given, self.name)
        return frames.forecasts(answer, asked, self.name)


def called(function: Callable[..., Any], arguments: tuple[Any, ...], who: str) -> Any:
    """Return what a callable answers.

    Raises
    ------
    SettingError
        If it raises: with its message, and the line where it happened.
    """
    try:
        return function(*arguments)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        own = list(traceback.extract_tb(error.__traceback__))
        first = own[min(1, len(own) - 1)]
        raise SettingError(
            f"{who} raised {type(error).__name__}: {error} ({first.filename}, line {first.lineno}, in {first.name}). "
            "It gets a pandas frame with unique_id, ds and y, and the horizon; make it work with that."
        ) from error
