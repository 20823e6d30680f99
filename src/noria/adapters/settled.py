"""Whether a run by hand would only repeat the newest one.

`noria run` asks this before it starts an engine, so it must cost next to nothing: the control state is read
through sqlite3 itself, since SQLAlchemy takes longer to import than all of this.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from noria.adapters.git import Repository
from noria.origin import origin
from noria.project.model import Project

ENDED = ("registered", "refused")
"""The status of a run whose gates have spoken."""
NEWEST = """
    SELECT runs.body, models.champion FROM runs JOIN models ON models.name = runs.model
    WHERE runs.model = ? AND json_extract(runs.body, '$.status') != 'merged'
    ORDER BY runs.started DESC, runs.id DESC LIMIT 1
"""


def settled(project: Project) -> dict[str, Any] | None:
    """Return the newest run, as JSON has it, if one that began now would begin from the very same; else None.

    The very same are the working tree, which holds code, parameters, policy, schema and lock file; sources
    and feedback; the installed packages; and the rival. A champion that this run itself has made is no new
    rival: the candidate would be compared with itself.
    """
    run, champion = _newest(project)
    if run is None or run["status"] not in ENDED:
        return None
    facts = run["facts"]
    if facts.get("origin") != origin(project) or champion not in (facts.get("rival"), run["version"]):
        return None
    return run if _tree(project) == (run["commit"], facts["diff"]) else None


def _newest(project: Project) -> tuple[dict[str, Any] | None, int | None]:
    """Return the newest run and the present champion, as far as there are any."""
    path = project.home / "state.db"
    if not path.exists():
        return None, None
    with closing(sqlite3.connect(path)) as connection:
        try:
            found = connection.execute(NEWEST, (project.name,)).fetchone()
        except sqlite3.DatabaseError:
            return None, None  # who goes on to run says what is wrong with it
    return (json.loads(found[0]), found[1]) if found else (None, None)


def _tree(project: Project) -> tuple[str, str]:
    """Return the present commit, and the working tree's patch against it."""
    repository = Repository(project.root)
    return repository.head(), repository.diff() if repository.is_dirty() else ""
