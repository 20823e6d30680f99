from __future__ import annotations

import copy
import hashlib
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from noria.core.gates import Outcome, Verdict
from noria.core.ledger import GENESIS, Head, append, chain, plain, traffic, verify
from noria.core.traffic import Arm, Plan
from noria.errors import StateError

PROMOTED = {"model": "churn", "at": 1.5, "actor": "noria", "kind": "promoted", "body": {"version": 7}}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
fields = {
    "model": st.sampled_from(["churn", "flights"]),
    "at": st.floats(0, 2e9),
    "actor": st.text(max_size=5),
    "kind": st.sampled_from(["run", "promoted", "rolled back"]),
    "body": st.dictionaries(st.text(max_size=5), scalars | st.lists(scalars, max_size=2), max_size=2),
}
entries = st.fixed_dictionaries(fields)


def chained(bodies):
    ledger, head = [], GENESIS
    for body in bodies:
        head, entry = append(head, body)
        ledger.append(entry)
    return ledger, head


def test_a_hash_covers_the_canonical_json_of_the_entry_and_the_hash_before():
    text = (
        '{"entry":{"actor":"noria","at":1.5,"body":{"version":7},"kind":"promoted","model":"churn"},'
        f'"previous":"{"0" * 64}","seq":1}}'
    )
    assert chain(GENESIS.hash, 1, PROMOTED) == hashlib.sha256(text.encode()).hexdigest()


def test_an_entry_is_stored_with_its_number_and_hash():
    head, entry = append(GENESIS, PROMOTED)
    assert entry == {"seq": 1, **PROMOTED, "hash": head.hash}
    assert append(head, PROMOTED)[0].seq == 2


def test_plain_values_are_what_json_has():
    verdict = Verdict(
        gate="auc", outcome=Outcome.FAILED, reason="worse", numbers={"z": math.nan, "p": math.inf}
    )
    assert plain({1: verdict, "shares": (90, 10)}) == {
        "1": {
            "gate": "auc",
            "outcome": "failed",
            "reason": "worse",
            "numbers": {"z": "NaN", "p": "Infinity"},
        },
        "shares": [90, 10],
    }


def test_plain_values_are_numbers_of_python():
    assert plain({"auc": np.float64(0.7), "rows": np.int64(3)}) == {"auc": 0.7, "rows": 3}


def test_plain_values_hold_no_objects():
    with pytest.raises(TypeError, match="not object"):
        plain({"model": object()})


@given(st.lists(entries, max_size=5))
def test_an_untouched_ledger_has_no_faults(bodies):
    ledger, head = chained(bodies)
    assert verify(ledger, head) == []


def edit(data, ledger):
    entry = data.draw(st.sampled_from(ledger))
    field = data.draw(st.sampled_from(sorted(entry)))
    forgeries = {**fields, "seq": st.integers(0, 9), "hash": st.just("f" * 64)}
    entry[field] = plain(data.draw(forgeries[field]))


def remove(data, ledger):
    del ledger[data.draw(st.integers(0, len(ledger) - 1))]


def insert(data, ledger):
    place = data.draw(st.integers(0, len(ledger)))
    before = ledger[place - 1] if place else {"seq": 0, "hash": GENESIS.hash}
    forged = append(Head(seq=before["seq"], hash=before["hash"]), data.draw(entries))[1]
    ledger.insert(place, forged)


def move(data, ledger):
    ledger.insert(
        data.draw(st.integers(0, len(ledger) - 1)), ledger.pop(data.draw(st.integers(0, len(ledger) - 1)))
    )


@settings(max_examples=1000, deadline=None)
@given(st.data(), st.lists(entries, min_size=1, max_size=4), st.sampled_from([edit, remove, insert, move]))
def test_every_tampering_is_found(data, bodies, tamper):
    ledger, head = chained(bodies)
    tampered = copy.deepcopy(ledger)
    tamper(data, tampered)
    assume(tampered != ledger)
    assert verify(tampered, head)


def test_only_the_known_head_shows_that_the_end_was_removed():
    ledger, head = chained([PROMOTED] * 3)
    assert verify(ledger[:2]) == []
    assert verify(ledger[:2], head) == ["the ledger ends with entry 2, and not as it should, with entry 3"]


def test_a_fault_names_the_entry_where_it_begins():
    ledger, head = chained([PROMOTED] * 5)
    ledger[2]["actor"] = "mallory"
    del ledger[3]
    assert [fault.split(":")[0] for fault in verify(ledger, head)] == [
        "entry 3 does not fit its hash",
        "entry 5 follows entry 3",
    ]


def plan(number, *shares, **silent):
    arms = tuple(Arm(version=version, share=share) for version, share in shares)
    return Plan(model="churn", number=number, salt="s", arms=arms, **silent)


def test_a_change_of_traffic_says_who_gets_what():
    after = plan(2, (8, 10), (7, 90), standby=9)
    said = {"plan": 2, "shares": {"8": 10, "7": 90}, "shadow": None, "standby": 9}
    assert traffic(plan(1, (7, 100)), after) == said


def test_the_first_plan_is_number_1():
    said = {"plan": 1, "shares": {}, "shadow": None, "standby": 7}
    assert traffic(None, plan(1, standby=7)) == said


def test_no_change_of_plan_says_nothing():
    assert traffic(None, None) is None
    assert traffic(plan(4, (7, 100)), plan(4, (7, 100))) is None


@pytest.mark.parametrize("after", [None, plan(4, (8, 100)), plan(6, (8, 100)), plan(3, (8, 100))])
def test_a_plan_that_is_not_the_next_is_refused(after):
    with pytest.raises(StateError, match="plan 5 is due"):
        traffic(plan(4, (7, 100)), after)
