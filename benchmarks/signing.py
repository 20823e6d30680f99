"""What a signature costs at registration and at each load, and whether any alteration gets past it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.evidence import Found
from benchmarks.project import NORIA, init
from noria.artifact import manifest, signature
from noria.artifact.lineage import place
from noria.errors import ArtifactError

EACH = 200
"""Copies that are altered in each of five ways."""
TURNS = 9
ALLOWED = 0.05
"""Seconds more that a load may take."""
LOAD = """
import sys, time
from pathlib import Path
import numpy
from noria.artifact import manifest, signature
artifact, digest, key = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
began = time.process_time()
signature.verify(artifact, digest, key)
print(time.process_time() - began)
"""
Alter = Callable[[Path, random.Random], None]


def measure(scratch: Path) -> Found:
    """Return how many alterations are refused, and the seconds of a signature and of a load."""
    project = init(scratch, "--template", "tabular")
    subprocess.run([*NORIA, "run"], cwd=project.root, check=True, capture_output=True)
    home = project.root / ".noria"
    artifact = next(home.glob("mlartifacts/*/*/artifacts/model"))
    key, digest = signature.public_key(home), manifest.digest(artifact)
    refused = {name: _refused(artifact, key, alter, scratch) for name, alter in ALTER.items()}
    again = scratch / "again.sig"
    signing = [_seconds(lambda: signature.sign(artifact, home, again)) for _ in range(TURNS + 1)]
    pairs = [
        (_load(artifact, digest, scratch / "no.pub"), _load(artifact, digest, key)) for _ in range(TURNS)
    ]
    without, with_it = (median(times) for times in zip(*pairs, strict=True))
    all_refused = set(refused.values()) == {EACH}
    return Found(
        title="Signatures",
        how=(
            f"A version that `noria run` has registered: {EACH} copies for each way of altering one, at a "
            "random place; the time of a signature in a warm process; and that of the check before a load, "
            f"in a new process each time. {TURNS} times in turns, medians."
        ),
        header=("what", "found"),
        rows=[
            *((f"{name}: refused", f"{count} of {EACH}") for name, count in refused.items()),
            ("signature at registration, seconds", median(signing[1:])),
            ("check by digest alone, CPU seconds", without),
            ("check by digest and signature, CPU seconds", with_it),
        ],
        target=f"Target: every alteration is refused, and a load takes at most {ALLOWED:g} s more of a core",
        reached=all_refused and with_it - without <= ALLOWED,
    )


def _refused(artifact: Path, key: Path, alter: Alter, scratch: Path) -> int:
    """Return how many of some copies are refused, each altered in this way from a seed of its own."""
    refused = 0
    for seed in range(EACH):
        folder = scratch / "altered"
        shutil.copytree(artifact.parent / "lineage", folder / "lineage")
        copy = shutil.copytree(artifact, folder / "model")
        alter(copy, random.Random(seed))
        try:
            signature.verify(copy, manifest.digest(copy), key)
        except ArtifactError:
            refused += 1
        shutil.rmtree(folder)
    return refused


def _byte(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _file(copy: Path, chance: random.Random) -> None:
    files = sorted(path for path in copy.rglob("*") if path.is_file() and path.name != manifest.NAME)
    _byte(chance.choice([path for path in files if path.stat().st_size]), chance)


def _file_and_manifest(copy: Path, chance: random.Random) -> None:
    _file(copy, chance)
    manifest.write(copy)


def _more(copy: Path, chance: random.Random) -> None:
    (copy / "data" / f"{chance.random()}.py").write_text("print()")
    manifest.write(copy)


def _statement(copy: Path, chance: random.Random) -> None:
    _envelope(copy, chance, lambda envelope: envelope, "payload")


def _signature(copy: Path, chance: random.Random) -> None:
    _envelope(copy, chance, lambda envelope: envelope["signatures"][0], "sig")


def _envelope(copy: Path, chance: random.Random, part: Callable[[dict], dict], name: str) -> None:
    file = place(copy, signature.NAME)
    bundle = json.loads(file.read_text())
    holder = part(bundle["dsseEnvelope"])
    content = bytearray(b64decode(holder[name]))
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    holder[name] = b64encode(content).decode()
    file.write_text(json.dumps(bundle))


ALTER: dict[str, Alter] = {
    "a bit of a file": _file,
    "a bit of a file, and the manifest rewritten": _file_and_manifest,
    "a file more, and the manifest rewritten": _more,
    "a bit of the signed statement": _statement,
    "a bit of the signature": _signature,
}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _load(artifact: Path, digest: str, key: Path) -> float:
    command = [sys.executable, "-c", LOAD, str(artifact), digest, str(key)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
