import pytest

from noria.core.rollout import Step
from noria.core.steps import look
from noria.core.window import AbortRule, ArmWindow

STEP = Step(weight=10, requests=500)
ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
SLOW = AbortRule(measure="p99", limit=2.0, of_champion=True, text="p99 > 2x champion")
CHAMPION = ArmWindow(requests=4500, errors=0, p99=0.004)


def window(requests: int = 500, errors: int = 0, p99: float | None = 0.004) -> ArmWindow:
    return ArmWindow(requests=requests, errors=errors, p99=p99)


@pytest.mark.parametrize(
    ("challenger", "champion", "signal"),
    [
        (window(500), CHAMPION, "passed"),
        (window(499), CHAMPION, None),
        (ArmWindow(), CHAMPION, None),  # no traffic is no pass
        (window(200, 3), CHAMPION, "breached"),  # 3 / 203 = 1.5%
        (window(495, 5), CHAMPION, None),  # 1.0% is not above 1%, and 495 are too few to pass
        (window(10, 1), CHAMPION, None),  # 9%, of 11 only
        (window(0, 60, None), CHAMPION, "breached"),  # it answers nothing at all
        (window(500, 0, 0.0081), CHAMPION, "breached"),  # limit 8 ms
        (window(500, 0, 0.008), CHAMPION, "passed"),
        (window(500, 0, 0.1), ArmWindow(), "passed"),  # no champion in the window to be slower than
        (window(500, 0, None), CHAMPION, "passed"),
    ],
)
def test_look(challenger: ArmWindow, champion: ArmWindow, signal: str | None) -> None:
    seen = look(STEP, challenger, champion, [ERRORS, SLOW])
    assert seen.signal == signal
    assert seen.reason
    assert seen.numbers["challenger_requests"] == challenger.requests


def test_the_reason_of_a_breach_names_the_rule() -> None:
    assert look(STEP, window(0, 60), CHAMPION, [ERRORS]).reason == (
        "error_rate is 1, the limit is 0.01 (error_rate > 1%)"
    )
