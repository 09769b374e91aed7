"""Keras' own tests of its recurrent layers pass on ours, which are put behind its backend's gru and lstm.

The tests are imported from the installed Keras; `keras_backend` is the plugin that answers for its backend.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = ("gru_test", "lstm_test", "simple_rnn_test", "bidirectional_test", "rnn_test")
SKIPPED = {
    "gru_test::GRUTest.test_stateful_with_symbolic_batch_size",  # for TensorFlow
    "gru_test::GRUTest.test_torch_cudnn_dispatch_fires",  # the two ask for CUDA, to see whether cuDNN is called
    "bidirectional_test::SimpleRNNTest.test_torch_cudnn_bidirectional_gru_dispatch_fires",
}
WITHOUT_A_CALL = {  # of the tests of bidirectional layers: these compare settings alone, or wrap a SimpleRNN
    "bidirectional_test::SimpleRNNTest.test_basics",
    "bidirectional_test::SimpleRNNTest.test_keeps_use_cudnn",
    "bidirectional_test::SimpleRNNTest.test_fused_lstm_eligibility",
    "bidirectional_test::SimpleRNNTest.test_fused_gru_eligibility",
}
FALL_BACK = {  # in part: with a mask Keras' contract does not say what the outputs of masked steps shall be
    "gru_test::GRUTest.test_masking": {"masked sequences": 2},
    "lstm_test::LSTMTest.test_masking": {"masked sequences": 2},
}
OURS = ("gru", "lstm", "bidirectional_gru", "bidirectional_lstm")


def run(folder, computes):
    """Return the outcome of each test, how often our layers computed, and what they declined."""
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    environment |= {"KERAS_BACKEND": "torch", "KERAS_HOME": str(folder), "CUDA_VISIBLE_DEVICES": ""}
    environment |= {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}
    report = folder / "report.json"
    options = ["-p", "keras_backend", "--tidegate-report", report, "--tidegate-backend", computes]
    quiet = ["-c", folder / "pytest.ini", "-p", "no:cacheprovider", "-q", "-W", "ignore"]
    modules = [f"keras.src.layers.rnn.{name}" for name in FILES]
    command = [sys.executable, "-m", "pytest", *options, *quiet, "--pyargs", *modules]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(report.read_text("utf-8"))


@pytest.mark.parametrize("computes", ["reference", pytest.param("auto", marks=pytest.mark.slow)])
def test_all_pass_on_our_layers(tmp_path, computes):
    outcomes = run(tmp_path, computes)
    assert {name.split("::")[0] for name in outcomes} == set(FILES)
    assert {name for name, test in outcomes.items() if test["outcome"] == "skipped"} == SKIPPED
    assert {test["outcome"] for name, test in outcomes.items() if name not in SKIPPED} == {"passed"}
    for name, test in outcomes.items():
        concerned = name.startswith(("gru_test", "lstm_test", "bidirectional_test"))
        expected = concerned and name not in SKIPPED | WITHOUT_A_CALL
        assert any(test.get(function) for function in OURS) == expected, (name, test)
    for function in OURS:
        assert sum(test.get(function, 0) for test in outcomes.values()) > 0, function
    assert declined(outcomes) == FALL_BACK


def declined(outcomes):
    """Return for each test what went to Keras' own loop, and how often."""
    mark = "declined: "
    found = {
        name: {what.removeprefix(mark): count for what, count in test.items() if what.startswith(mark)}
        for name, test in outcomes.items()
    }
    return {name: reasons for name, reasons in found.items() if reasons}
