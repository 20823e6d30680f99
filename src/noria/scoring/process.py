"""Starts the process that predicts, and follows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import msgspec

from noria.errors import NoriaError
from noria.scoring.order import Order


def predict(order: Order) -> Iterator[tuple[int, int]]:
    """Carry out an order; yield how many rows are done, and how many there are. At the end all is written.

    Raises:
        DataError: the file cannot be found, or the predictions can go nowhere.
        NoriaError: the rows or the model have a fault, which it names. Nothing was written.
    """
    order.check()
    command = [sys.executable, "-m", "noria.scoring.child", msgspec.json.encode(order).decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                said = json.loads(line)
                if "error" in said:
                    raise NoriaError(said["error"], hint=said["hint"])
                yield said["rows"], said["of"]
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        raise NoriaError(f"the process that predicts died with exit code {child.returncode}; see above")
