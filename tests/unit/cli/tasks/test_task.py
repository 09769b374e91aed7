from tidegate.cli.tasks.task import Answer, Listing


def test_what_tasks_hand_on_has_names():
    assert Answer("good\t0.9", {"label": "good"}).document == {"label": "good"}
    assert Listing("By class", ("label", "n"), [["a", "1"]], "classes").unit == "classes"
