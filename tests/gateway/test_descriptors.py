"""A gateway that runs out of file descriptors neither dies nor spins, and serves on when some are free."""

import resource
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import psutil


def worker(gateway: Any) -> psutil.Process:
    children = psutil.Process(gateway.process.pid).children()
    return next(child for child in children if "noria.gateway.hosting.host" not in child.cmdline())


def test_a_flood_beyond_the_limit_of_open_files_is_survived(gateway: Any, artifacts: Sequence[Any]) -> None:
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    process = worker(gateway)
    most = process.num_fds() + 20
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port)))
        gateway.wait_until(lambda: process.num_fds() >= most - 2, "the descriptors are used up")
        before = sum(process.cpu_times()[:2])
        time.sleep(0.5)
        assert sum(process.cpu_times()[:2]) - before < 0.25  # it does not try without a pause
    gateway.wait_until(lambda: process.num_fds() < most - 10, "the descriptors are free")
    assert gateway.infer().status == 200
    assert process.is_running()
