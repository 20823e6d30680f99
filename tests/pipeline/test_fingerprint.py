from __future__ import annotations

from pathlib import Path

import pytest

from noria.pipeline import fingerprint
from noria.pipeline.graph import Step
from noria.pipeline.source import Source

FILES = {
    "pipeline.py": """
        import numpy as np
        import shapes
        import tools.text as text
        from shapes import scale as resize, LIMITS
        from tools import *

        RATE = 0.5

        def direct(train): return resize(train)
        def by_attribute(train): return shapes.scale(train)
        def by_package(train): return text.clean(train)
        def by_star(train): return starred(train)
        def by_constant(train): return RATE
        def by_imported_constant(train): return LIMITS
        def by_local_import(train):
            from shapes import scale
            return scale(train)
        def by_module_handed_on(train): return getattr(shapes, "sca" + "le")(train)
        def by_eval(train): return eval("RATE")
        def by_decorator(train): ...
        def by_default(train, rate=RATE): return rate
        def in_comprehension(train): return [resize(row) for row in train]
        def by_method(train): return shapes.Shape().area()
        def shadowed(scale, RATE): return scale * RATE
        def nothing(train): return np.sum(train)
        """,
    "shapes.py": """
        LIMITS = (0, 1)
        def scale(x): return clip(x) * 2
        def clip(x): return max(x, LIMITS[0])
        def other(x): return x
        class Shape:
            def area(self): return scale(1)
        """,
    "tools/__init__.py": "def starred(x): return x\n",
    "tools/text.py": "def clean(x): return x\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        lines = text.splitlines()
        file.write_text("\n".join(line.removeprefix("        ") for line in lines) + "\n")
    return tmp_path


def code(project: Path, step: str) -> dict[str, str]:
    made = Step(name=step, function=len, needs=())
    parts = fingerprint.parts(made, "pipeline", Source(project, "pipeline.py"), {}, {})
    return parts["code"]


SCALE = {
    "direct", "by_attribute", "by_local_import", "by_module_handed_on", "in_comprehension", "by_method",
}  # fmt: skip
ALL = {line.split()[1].split("(")[0] for line in FILES["pipeline.py"].splitlines() if " def " in line}


@pytest.mark.parametrize(
    ("file", "old", "new", "missed"),
    [
        ("shapes.py", "max(x, LIMITS", "min(x, LIMITS", SCALE),
        ("shapes.py", "(0, 1)", "(0, 2)", SCALE | {"by_imported_constant"}),
        ("shapes.py", "def other(x): return x", "def other(x): return -x", {"by_module_handed_on"}),
        ("shapes.py", "LIMITS = ", "print('imported')\nLIMITS = ", SCALE | {"by_imported_constant"}),
        ("tools/text.py", "return x", "return x.strip()", {"by_package"}),
        ("tools/__init__.py", "return x", "return -x", {"by_star"}),
        ("pipeline.py", "RATE = 0.5", "RATE = 0.6", {"by_constant", "by_eval", "by_default"}),
        ("pipeline.py", "numpy as np", "numpy.ma as np", {"nothing", "by_eval"}),
        ("pipeline.py", "RATE = 0.5", "np.random.seed(1)\nRATE = 0.5", ALL),
    ],
)
def test_an_edit_is_a_miss_for_the_steps_that_reach_it_only(project, file, old, new, missed):
    before = {step: code(project, step) for step in ALL}
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new))
    changed = {step for step in ALL if code(project, step) != before[step]}
    # `eval` takes all of its module, and with it all that the module reaches.
    assert changed - {"by_eval"} == missed - {"by_eval"}
    assert "by_eval" in changed


@pytest.mark.parametrize(
    "line",
    [
        "importlib.import_module('tools.text')",
        "loader.import_module('tools.text')",
        "import_module('tools.text')",
        "__import__('tools.text')",
    ],
)
def test_a_dynamic_import_takes_all_of_the_project(project, line):
    imports = "import importlib\nimport importlib as loader\nfrom importlib import import_module\n"
    (project / "pipeline.py").write_text(f"{imports}def model(train): return {line}\n")
    before = code(project, "model")
    (project / "tools/text.py").write_text("def clean(x): return None\n")
    assert code(project, "model") != before


def test_modules_that_import_each_other_come_to_an_end(project):
    (project / "__init__.py").write_text("print('a package')\n")
    (project / "tools/__init__.py").write_text(
        "from shapes import *\ndef starred(x): return print(scale(x))\n"
    )
    (project / "shapes.py").write_text("from tools import *\ndef scale(x): return len(starred(x))\n")
    assert code(project, "by_star").keys() == {"pipeline.by_star", "tools.starred", "shapes.scale"}


def parts(**changes: object) -> dict[str, object]:
    base = {
        "code": {"pipeline.model": "1", "shapes.scale": "2"},
        "inputs": {"train": "aaaa", "params": {"depth": 5}, "seed": 0},
        "environment": {"python": "3.11.7", "lock": "uv.lock", "digest": "x"},
    }
    return base | changes


@pytest.mark.parametrize(
    ("new", "sentences"),
    [
        (parts(), ()),
        (
            parts(code={"pipeline.model": "9", "shapes.clip": "2"}),
            ("pipeline.model was changed", "it reaches shapes.clip now", "it reaches shapes.scale no longer"),
        ),
        (
            parts(inputs={"train": "bbbb", "params": {"depth": 6, "rate": 0.1}, "seed": 0}),
            (
                "params.depth is 6, it was 5",
                "params.rate is 0.1, it was null",
                "its input train is bbbb, it was aaaa",
            ),
        ),
        (parts(inputs={"train": "aaaa", "params": {"depth": 5}}), ("it takes seed no longer",)),
        (
            parts(environment={"python": "3.12.1", "lock": "uv.lock", "digest": "y"}),
            ("Python is 3.12.1, it was 3.11.7", "uv.lock changed"),
        ),
    ],
)
def test_explains_in_sentences_what_changed(new, sentences):
    assert fingerprint.explain(parts(), new) == sentences
    assert (fingerprint.key(new) == fingerprint.key(parts())) == (not sentences)


def test_a_step_that_never_ran_says_so():
    assert fingerprint.explain(None, parts()) == ("it never ran before",)


def test_without_a_lock_file_the_installed_packages_count(tmp_path):
    assert fingerprint.environment(tmp_path)["lock"] == "installed packages"
    assert any(found.startswith("polars-") for found in fingerprint._installed())
    (tmp_path / "uv.lock").write_text("a")
    first = fingerprint.environment(tmp_path)
    (tmp_path / "uv.lock").write_text("b")
    assert first["lock"] == "uv.lock"
    assert first["digest"] != fingerprint.environment(tmp_path)["digest"]
