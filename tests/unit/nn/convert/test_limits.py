from dataclasses import dataclass

import pytest

from tidegate.errors import SettingError
from tidegate.nn.convert.limits import check_options


@dataclass(frozen=True)
class Options:
    colour: str = "red"
    size: int = 1


@pytest.mark.parametrize(
    ("options", "known"),
    [
        (Options(), {}),
        (Options("blue"), {"colour": ("blue",)}),
        (Options("green", 7), {"colour": None, "size": (7, 8)}),
        (Options(), {"colour": ("blue",)}),
    ],
    ids=["defaults", "a known value", "any value", "the default beside it"],
)
def test_what_the_library_has_passes(options, known):
    check_options(options, known, "torch.nn.GRU")


@pytest.mark.parametrize(
    ("options", "known", "words"),
    [
        (Options("blue"), {}, "colour is 'blue'; torch.nn.GRU knows 'red' alone"),
        (Options("blue"), {"colour": ("green",)}, "colour is 'blue'; torch.nn.GRU knows 'red' or 'green' alone"),
        (Options("blue", 2), {"colour": None}, "size is 2; torch.nn.GRU knows 1 alone"),
    ],
    ids=["no default", "another value", "another option"],
)
def test_everything_else_is_named(options, known, words):
    with pytest.raises(SettingError, match=f"^{words}$"):
        check_options(options, known, "torch.nn.GRU")
