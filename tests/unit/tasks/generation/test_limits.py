import numpy as np
import pytest

from tidegate.errors import DataError
from tidegate.tasks.generation.limits import check_memory


def test_a_batch_that_would_not_fit_is_refused_and_stretches_are_offered():
    check_memory(np.array([1_000, 50]), 32, 1_000)
    with pytest.raises(
        DataError, match=r"sequence 1 has 1,000,000 steps; to learn from 2 like it at once takes about "
    ):
        check_memory(np.array([5, 1_000_000]), 32, 1_000)
    with pytest.raises(DataError, match=r"32 GB, more than 4.*Set truncate=100"):
        check_memory(np.array([5, 1_000_000]), 32, 1_000)
    check_memory(np.array([5, 1_000_000]), 1, 100)
