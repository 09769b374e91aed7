"""Write what each command in the documentation prints today below it: run after a change of what is printed."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/audit.md", "docs/cli.md", "docs/cells.md")


def refreshed(block: re.Match[str]) -> str:
    """Return a console block with the output of its commands, run one after another in an empty folder."""
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for command in re.findall(r"^\$ (.+)$", block[1], re.MULTILINE):
            done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{command} failed: {done.stderr}")
            lines = "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())
            parts.append(f"$ {command}\n{lines}\n")
    return f"```console\n{''.join(parts)}```"


if __name__ == "__main__":
    for page in PAGES:
        path = ROOT / page
        path.write_text(re.sub(r"```console\n(.*?)```", refreshed, path.read_text("utf-8"), flags=re.DOTALL), "utf-8")
        print(f"{page} is up to date.")
