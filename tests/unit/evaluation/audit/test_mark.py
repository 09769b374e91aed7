from tidegate.evaluation.audit.mark import Mark, unmade


def test_what_could_not_be_checked_has_no_figure():
    assert unmade("Learns", "there is no time.") == Mark("Learns", "unchecked", "", "Not checked: there is no time.")
