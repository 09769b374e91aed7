import json

import numpy as np

from tidegate import SequenceTranslator
from tidegate.tasks.translation.alignment import END


def test_every_token_that_is_said_looks_somewhere(backwards):
    model = SequenceTranslator(hidden_size=8, embedding=8, n_tokens=60, unit="words").fit(*backwards(30), epochs=1)
    found = model.inspect("eins zwei, tor")
    assert found.source_tokens == [" eins", " zwei", ",", " tor"]
    assert found.target_tokens[-1] == END
    assert "".join(found.target_tokens[:-1]).strip() == found.target
    assert found.weights.shape == (len(found.target_tokens), 4)
    np.testing.assert_allclose(found.weights.sum(1), 1, rtol=1e-5)
    told = json.loads(json.dumps(found.to_dict()))
    assert told["target"] == found.target
    np.testing.assert_allclose(told["weights"], found.weights, atol=6e-5)
