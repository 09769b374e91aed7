"""Where a run was made: machine, versions and commit."""

from __future__ import annotations

import platform
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import torch
from benchmarks.panel_backtest import machine

if TYPE_CHECKING:
    from pathlib import Path


def setting(root: Path) -> dict[str, str]:
    """Return names and versions; the commit of `root` with "and changes" where the package differs from it."""
    changed = _git(root, "status", "--porcelain", "--", "src")
    return {
        "machine": machine(),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}",
        "commit": _git(root, "rev-parse", "--short", "HEAD") + (" and changes" if changed else ""),
    }


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
