"""Modules are named for what they hold, and the texts speak of the project, not of the machine it was written on."""

import re
import subprocess

SHELVES = {"utils", "util", "common", "helpers", "helper", "misc"}
MACHINE = re.compile(r"(?<![\w.:/-])/(?:home|root|Users|mnt|srv|media)/[\w.-]+")
TEXTS = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".html", ".css", ".js", ".jinja", ".json", ""}


def texts(root):
    """Every text file of the project: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True
    )
    names = listed.stdout.splitlines() if listed.returncode == 0 else []
    paths = [root / name for name in names] or [path for part in ("src", "tests") for path in (root / part).rglob("*")]
    return [path for path in paths if path.is_file() and path.suffix in TEXTS]


def test_no_module_is_a_shelf(sources):
    parts = {path: set(path.removesuffix(".py").split("/")) for path in sources}
    assert not [path for path, names in parts.items() if names & SHELVES]


def test_no_text_names_a_folder_of_one_machine(root):
    found = {str(path.relative_to(root)): MACHINE.findall(path.read_text("utf-8", "replace")) for path in texts(root)}
    assert not {path: places for path, places in found.items() if places}


def test_a_planted_path_is_caught():
    assert MACHINE.search("see " + "/home" + "/ada/data.csv")
    assert not MACHINE.search("https://example.org" + "/home" + "/page")
