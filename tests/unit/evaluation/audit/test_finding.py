import pytest

from tidegate.errors import SettingError
from tidegate.evaluation.audit.finding import Finding, checked_names, gravest, runs, times


def test_only_what_failed_and_was_named_is_allowed():
    failed = Finding("leaks", "failed", "It leaks.")
    assert failed.allowed(["leaks"]).outcome == "allowed"
    assert failed.allowed(["points"]).outcome == "failed"
    assert Finding("leaks", "warned", "").allowed(["leaks"]).outcome == "warned"


def test_a_failure_outweighs_everything():
    assert gravest(["passed", "unchecked", "warned", "failed"]) == "failed"
    assert gravest([]) == "passed"


def test_a_check_that_cannot_fail_cannot_be_allowed():
    assert checked_names("leaks") == ("leaks",)
    with pytest.raises(SettingError, match=r"allow names 'echo'; the checks that can fail are blind-spots"):
        checked_names(["leaks", "echo"])


def test_numbers_are_drawn_together():
    assert runs([2]) == "2"
    assert runs([1, 2, 5, 8, 9]) == "1 to 2, 5 and 8 to 9"
    assert times(2, "step") == "2 steps"
