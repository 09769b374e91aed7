"""A file stays under 400 lines, a function under 40 without its docstring."""

import ast

import pytest

FILE_LIMIT = 400
FUNCTION_LIMIT = 40


def long_functions(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node) is not None:
            lines -= node.body[0].end_lineno - node.body[0].lineno + 1
        if lines >= FUNCTION_LIMIT:
            found.append(f"{node.name} has {lines} lines")
    return found


def test_no_file_is_too_long(root):
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (root / "src").rglob("*.py")}
    assert not {str(path.relative_to(root)): n for path, n in lengths.items() if n >= FILE_LIMIT}


def test_no_function_is_too_long(sources):
    assert not {path: found for path, tree in sources.items() if (found := long_functions(tree))}


@pytest.mark.parametrize(("lines", "caught"), [(FUNCTION_LIMIT - 2, False), (FUNCTION_LIMIT - 1, True)])
def test_a_planted_function_is_caught(lines, caught):
    body = "\n".join("    x = 1" for _ in range(lines))
    assert bool(long_functions(ast.parse(f"def f():\n{body}"))) is caught
    assert not long_functions(ast.parse(f'def f():\n    """{"a" * 9}\n' + "\n" * 60 + '    """\n    x = 1'))
