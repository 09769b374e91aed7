"""Every module has its test at the same place, and every unit test its module."""


def modules(root):
    package = root / "src" / "tidegate"
    return {path.relative_to(package) for path in package.rglob("*.py") if path.name != "__init__.py"}


def unit_tests(root):
    unit = root / "tests" / "unit"
    return {path.relative_to(unit) for path in unit.rglob("test_*.py")}


def expected(module):
    return module.with_name(f"test_{module.name}")


def test_every_module_has_its_test(root):
    present = unit_tests(root)
    assert not sorted(str(module) for module in modules(root) if expected(module) not in present)


def test_every_unit_test_has_its_module(root):
    wanted = {expected(module) for module in modules(root)}
    assert not sorted(str(test) for test in unit_tests(root) if test not in wanted)
