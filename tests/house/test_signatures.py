"""Public functions say what they take: no **kwargs, at most seven arguments."""

import ast

FEW = 7


def public_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Functions of the module and methods of its public classes whose names do not begin with an underscore."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_")]
    functions = [node for body in bodies for node in body if isinstance(node, ast.FunctionDef)]
    return [node for node in functions if not node.name.startswith("_") or node.name == "__init__"]


def offences(tree: ast.Module) -> list[str]:
    found = []
    for node in public_functions(tree):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if node.args.kwarg is not None:
            found.append(f"{node.name} takes **{node.args.kwarg.arg}")
        if node.name != "__init__" and len([a for a in arguments if a.arg not in ("self", "cls")]) > FEW:
            found.append(f"{node.name} takes {len(arguments)} arguments")
    return found


def test_public_functions_name_what_they_take(sources):
    assert not {path: found for path, tree in sources.items() if (found := offences(tree))}


def test_planted_offenders_are_caught():
    assert offences(ast.parse("def f(**kwargs): ..."))
    assert offences(ast.parse("class A:\n    def f(self, **options): ..."))
    assert offences(ast.parse("def f(a, b, c, *, d, e, f, g, h): ..."))
    assert not offences(ast.parse("def _f(**kwargs): ...\ndef g(a): ..."))
