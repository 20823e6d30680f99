from datetime import date, timedelta

import pytest

from noria.core.causes import RECENT, Scene, Symptom, causes

DAY = date(2013, 3, 1)
SCENE = Scene(day=DAY, promoted=None, features=10)


def seen(*symptoms: tuple[str, str] | tuple[str, str, float]) -> list[Symptom]:
    return [Symptom(kind=kind, column=column, value=[*value, 0.2][0]) for kind, column, *value in symptoms]


@pytest.mark.parametrize(
    ("symptoms", "first"),
    [
        (seen(("unseen", "carrier"), ("drift", "carrier")), "a recoding upstream: carrier"),
        (seen(("unseen", "carrier"), ("drift", "dest")), "something new upstream: carrier"),
        (seen(("missing", "temp", 1.0), ("drift", "temp")), "a broken feed: temp"),
        (seen(("variety", "temp")), "a broken feed: temp"),
        (
            seen(("missing", "temp"), ("missing", "wind")),
            "one source or join that fails at times: temp and wind",
        ),
        (seen(("missing", "temp")), "a source that fails at times: temp"),
        (
            seen(("mean", "distance"), ("drift", "distance")),
            "another unit or scale upstream: the numbers of dist",
        ),
        (seen(("type", "distance")), "another format upstream: values of distance"),
        (seen(("volume", "", 2.0)), "a new client, or a job that runs twice"),
        (seen(("volume", "", 0.5)), "a client or a feed that is down"),
        (seen(*(("drift", f"x{n}") for n in range(5))), "another population: 5 of 10 features"),
        (
            seen(*(("drift", f"x{n}") for n in range(4))),
            "the world, or a source, moved: ask who changed x0, x1",
        ),
        (seen(("outliers", "")), "a client that sends what no other does"),
        (seen(("skew", "hour")), "two codes for one feature"),
        (seen(("concept", "")), "the world changed"),
        (seen(("concept", ""), ("drift", "temp")), "the world, or a source, moved"),
    ],
)
def test_the_likeliest_cause(symptoms: list[Symptom], first: str) -> None:
    assert causes(symptoms, SCENE)[0].startswith(first)


def test_answers_that_change_after_a_promotion_are_the_new_versions() -> None:
    answers = seen(("score", "@output"))
    for since, told in ((timedelta(0), True), (RECENT, True), (RECENT + timedelta(days=1), False)):
        scene = Scene(day=DAY, promoted=DAY - since, features=10)
        assert any("a new version" in cause for cause in causes(answers, scene)) == told


def test_causes_come_first_on_whose_columns_most_of_the_answers_hang() -> None:
    rare = Symptom(kind="missing", column="temp", value=1.0, share=0.01)
    for share, first in ((0.4, "something new upstream: carrier"), (0.005, "a broken feed: temp")):
        new = Symptom(kind="unseen", column="carrier", value=0.2, share=share)
        assert causes([rare, new], SCENE)[0].startswith(first)


def test_nothing_seen_has_no_cause() -> None:
    assert causes([], SCENE) == ()
