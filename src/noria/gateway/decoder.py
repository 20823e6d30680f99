"""The process that reads large bodies: `python -m noria.gateway.decoder`, with calls and results as frames.

A body of megabytes takes tenths of a second to decode, and its JSON many times its size in memory. Here it
keeps nobody else waiting, and what it may take is limited. The process ends when the gateway does.
"""

from __future__ import annotations

import gc
import pickle
import resource
import signal
import sys
import traceback
from typing import BinaryIO

from noria.errors import RequestError
from noria.gateway.child import HEADER

MEMORY = 2 * 2**30


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    gc.disable()  # what is decoded holds no cycles, and a million rows are not worth a look
    calls, results = sys.stdin.buffer, sys.stdout.buffer
    while len(header := calls.read(HEADER.size)) == HEADER.size:
        payload = _answer(calls.read(HEADER.unpack(header)[0]))
        _write(results, payload)


def _answer(call: bytes) -> bytes:
    try:
        decode, *arguments = pickle.loads(call)
        return pickle.dumps(decode(*arguments))
    except RequestError as error:
        return pickle.dumps((error.status, error.message))
    except MemoryError:
        return pickle.dumps((413, "the body takes too much memory"))
    except Exception:
        traceback.print_exc()
        return pickle.dumps((500, "noria itself failed; its log says why"))


def _write(results: BinaryIO, payload: bytes) -> None:
    results.write(HEADER.pack(len(payload)) + payload)
    results.flush()


if __name__ == "__main__":
    main()
