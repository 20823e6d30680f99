import signal

from noria.cli.stopping import Stop


def test_a_signal_at_any_moment_of_a_wait_sets_it() -> None:
    """With `threading.Event` this hangs within a few hundred signals."""
    stop, signals, seen = Stop(), 0, 0

    def handler(*_: object) -> None:
        nonlocal signals
        signals += 1
        stop.set()

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        while signals < 1000:
            seen += stop.wait(1e-6)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stop.is_set()
    assert seen


def test_it_is_not_set_before_anybody_sets_it() -> None:
    stop = Stop()
    assert not stop.wait(0.01)
    assert not stop.is_set()
    stop.set()
    assert stop.wait()
    assert stop.wait(0)
