"""Peers, each in a Python environment of its own, made at the first use.

`peers/NAME.in` says what a peer needs, `peers/NAME.txt` pins it (`make peers`). The environments are
in `.venv/peers`, or in the folder that NORIA_PEERS names, so that several checkouts can share them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.evidence import ROOT, Skipped

REQUIREMENTS = ROOT / "benchmarks" / "peers"


def environment(name: str) -> Path:
    """Return the folder of the peer's programs (`bin`), with just what `peers/NAME.txt` pins.

    Raises:
        Skipped: the packages cannot be installed on this machine.
    """
    folder = _folder(name)
    if not _stands(folder, name):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        _install(folder, name, ["--python", str(folder)], [])
    return folder / "bin"


def unpacked(name: str) -> Path:
    """Return a folder with the files of the packages that `peers/NAME.txt` pins, to read and not to run.

    Raises:
        Skipped: the packages cannot be had on this machine.
    """
    folder = _folder(name)
    if not _stands(folder, name):
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, name, [], ["--target", str(folder)])
    return folder


def pinned_version(name: str, package: str) -> str:
    """Return the version of a package that `peers/NAME.txt` pins."""
    found = re.search(rf"(?m)^{re.escape(package)}==(\S+)", _pinned(name).read_text())
    return found[1] if found else "unknown"


def _folder(name: str) -> Path:
    parent = os.environ.get("NORIA_PEERS")
    return (Path(parent) if parent else ROOT / ".venv" / "peers") / name


def _stands(folder: Path, name: str) -> bool:
    """Return whether the folder was completely made, from the present requirements."""
    made = folder / "made-from.txt"
    return made.exists() and made.read_bytes() == _pinned(name).read_bytes()


def _install(folder: Path, name: str, where: Sequence[str], options: Sequence[str]) -> None:
    # The requirements name all that is needed, so pip has no dependencies to look for.
    pinned = ["-q", "--no-deps", "--require-hashes", "-r", str(_pinned(name))]
    command = [sys.executable, "-m", "pip", *where, "install", *options, *pinned]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        raise Skipped(f"{name} cannot be installed: {installed.stderr.strip()[-300:]}")
    shutil.copy(_pinned(name), folder / "made-from.txt")


def _pinned(name: str) -> Path:
    return REQUIREMENTS / f"{name}.txt"
