"""The package's face: what `import tidegate` offers, and that offering it costs nothing."""

import ast
import subprocess
import sys

import pytest

import tidegate

HEAVY = ("numpy", "pandas", "torch", "sklearn", "scipy", "statsmodels", "statsforecast", "altair", "pyarrow", "rich")


def imported_for_types(sources):
    """What the block for type checkers imports, name to module."""
    block = next(node for node in sources["__init__.py"].body if isinstance(node, ast.If))
    return {alias.name: node.module for node in block.body for alias in node.names}


def test_type_checkers_see_what_is_loaded(sources):
    seen = imported_for_types(sources)
    assert set(seen) == set(tidegate.__all__) - {"__version__"}
    assert {name: seen[name] for name in tidegate._MODULES} == tidegate._MODULES


@pytest.mark.parametrize("name", tidegate.__all__)
def test_every_public_name_loads(name):
    assert getattr(tidegate, name) is not None
    assert name in dir(tidegate)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'tidegate' has no attribute 'forcaster'"):
        tidegate.forcaster  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    program = f"import tidegate, sys; print([name for name in {HEAVY} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
