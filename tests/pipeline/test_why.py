from __future__ import annotations

import pytest

from noria.errors import PipelineError
from noria.pipeline.train import train
from noria.pipeline.why import why


def test_says_what_changed_since_the_last_execution(request_for, edit):
    assert why(request_for(), "features") == ("it never ran before",)
    train(request_for())
    assert why(request_for(), "features") == ()
    assert why(request_for(params={"C": 2.0}), "model") == ("params.C is 2.0, it was 1.0",)

    edit("shapes.py", "    return frame\n\n\ndef unused", "    return frame * 2\n\n\ndef unused")
    assert why(request_for(), "features") == ("shapes.scale was changed",)
    (sentence,) = why(request_for(), "model")
    assert sentence.startswith("its input features is made anew by the step features, it was ")
    assert why(request_for(), "size") == ()


def test_a_step_that_does_not_exist_is_refused(request_for):
    with pytest.raises(PipelineError, match=r"no step 'feature' .*steps: features, size, model"):
        why(request_for(), "feature")
