"""The code in the documentation runs, and its commands print what the pages say they print."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/advise.md",
    "docs/audit.md",
    "docs/classify.md",
    "docs/cli.md",
    "docs/detect.md",
    "docs/gaps.md",
    "docs/generate.md",
    "docs/inspect.md",
    "docs/layers.md",
    "docs/rolling.md",
    "docs/rules.md",
    "docs/tag.md",
    "docs/translate.md",
    "docs/transcribe.md",
    "docs/tuning.md",
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    return [body for kind, body in BLOCK.findall((ROOT / page).read_text("utf-8")) if kind == language]


def lacking(body):
    """Return the library that a block says it needs in its first line, where that is not installed."""
    needed = re.match(r"# needs (\w+)\n", body)
    return needed is not None and find_spec(needed[1]) is None


def settled(text):
    """Leave out what a clock or a machine decides."""
    text = re.sub(r"\d+(\.\d+)? s\b", "_ s", text)
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_python_runs(page, tmp_path):
    code = "\n".join(body for body in blocks(page, "python") if not lacking(body))
    if code:
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize("page", PAGES)
def test_commands_print_what_the_page_shows(page, tmp_path):
    environment = {**os.environ, "COLUMNS": "80", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for block in blocks(page, "console"):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = piece.partition("\n")
            done = subprocess.run(command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert settled(done.stdout) == settled(shown), command


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(blocks(page, "bash")))) <= targets
