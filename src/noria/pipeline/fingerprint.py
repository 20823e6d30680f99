"""The key of a step: its own code and all project code that it reaches, its inputs, and the environment."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import symtable
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from noria.pipeline.graph import Step
from noria.pipeline.source import Alias, Module, Source, aliases

LOCKS = ("requirements.lock", "uv.lock", "poetry.lock", "pylock.toml")

Parts = dict[str, Any]


def parts(step: Step, module: str, source: Source, inputs: Mapping[str, Any], environment: Parts) -> Parts:
    """Return what the step's key is made of, JSON-able: `code`, `inputs` and `environment`.

    `module` is the pipeline's name. `inputs` holds the content digest, or the value, of each input and of
    each step before; only what the step takes counts.
    """
    code = _Reach(source).of(module, step.name)
    return {"code": code, "inputs": {name: inputs[name] for name in step.needs}, "environment": environment}


def key(parts: Parts) -> str:
    """Return the SHA-256 of the parts, in hex."""
    return _hash(json.dumps(parts, sort_keys=True, separators=(",", ":")))


def environment(checkout: Path) -> Parts:
    """Return the Python version and the digest of the lock file, or of the installed packages without one."""
    lock = next((checkout / name for name in LOCKS if (checkout / name).is_file()), None)
    installed = "" if lock else "\n".join(_installed())
    return {
        "python": platform.python_version(),
        "lock": lock.name if lock else "installed packages",
        "digest": _hash(lock.read_text() if lock else installed),
    }


def _installed() -> list[str]:
    """Return name and version of each installed package, from the names of their folders alone."""
    return sorted(found.name for path in sys.path for found in Path(path).glob("*.dist-info"))


def explain(old: Parts | None, new: Parts) -> tuple[str, ...]:
    """Say in sentences why a step with the parts `new` has to run after one with the parts `old`.

    Return () when it does not have to.
    """
    if old is None:
        return ("it never ran before",)
    return (
        *_code_changes(old["code"], new["code"]),
        *(
            sentence
            for name in sorted({*old["inputs"], *new["inputs"]})
            for sentence in _input_changes(name, old["inputs"].get(name), new["inputs"].get(name))
        ),
        *_environment_changes(old["environment"], new["environment"]),
    )


def _code_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    changed = [name for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
    return [
        *(f"{name} was changed" for name in changed),
        *(f"it reaches {name} now" for name in sorted(new.keys() - old.keys())),
        *(f"it reaches {name} no longer" for name in sorted(old.keys() - new.keys())),
    ]


def _input_changes(name: str, old: Any, new: Any) -> list[str]:
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            f"{name}.{item} is {json.dumps(new.get(item))}, it was {json.dumps(old.get(item))}"
            for item in sorted({*old, *new})
            if old.get(item) != new.get(item)
        ]
    if old is None or new is None:
        return [f"it takes {name} {'now' if old is None else 'no longer'}"]
    return [f"its input {name} is {_short(new)}, it was {_short(old)}"]


def _environment_changes(old: Parts, new: Parts) -> list[str]:
    python = [f"Python is {new['python']}, it was {old['python']}"] if new["python"] != old["python"] else []
    lock = [f"{new['lock']} changed"] if new["digest"] != old["digest"] else []
    return [*python, *lock]


def _short(value: Any) -> str:
    is_digest = isinstance(value, str) and " " not in value
    return value[:12] if is_digest else str(value)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _Reach:
    """Collects the digests of all project code that a name reaches.

    It follows names from definition to definition, over modules. Where a name alone does not say what is
    used, such as a module that is handed on, or `eval`, all of the module counts.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._found: dict[str, str] = {}
        self._seen: set[str] = set()

    def of(self, module: str, name: str) -> dict[str, str]:
        start = self._source.module(module)
        if start is not None:
            self._definition(start, name)
        return self._found

    def _definition(self, module: Module, name: str) -> None:
        place = f"{module.name}.{name}"
        if place in self._seen:
            return
        self._seen.add(place)
        if name in module.aliases:
            self._found[place] = _hash(repr(module.aliases[name]))
            self._alias(module.aliases[name], [])
        elif name in module.bindings:
            self._statements(place, module, module.bindings[name])
            self._effects(module)
        else:
            stars = (self._source.module(star) for star in module.stars)
            for star in (star for star in stars if star):
                self._definition(star, name)

    def _statements(self, place: str, module: Module, statements: list[ast.stmt]) -> None:
        self._found[place] = _hash("\n".join(ast.dump(statement) for statement in statements))
        for statement in statements:
            self._follow(module, statement)

    def _effects(self, module: Module) -> None:
        """Count what runs when the module is imported, and when the packages around it are."""
        place = f"{module.name}, top level"
        if place not in self._found and module.effects:
            self._statements(place, module, module.effects)
        package = self._source.module(module.name.rpartition(".")[0])
        if package is not None:
            self._effects(package)

    def _follow(self, module: Module, statement: ast.stmt) -> None:
        outside = _outside_names(statement)
        for root, attributes in _chains(statement):
            if root not in outside:
                continue
            if root in ("eval", "exec", "globals", "vars"):
                self._whole(module)
            elif root == "__import__":
                self._everything()
            elif root in module.aliases:
                self._found[f"{module.name}.{root}"] = _hash(repr(module.aliases[root]))
                self._alias(module.aliases[root], attributes)
            else:
                self._definition(module, root)
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in aliases(node, module.package).values():
                    self._alias(alias, [])

    def _alias(self, alias: Alias, attributes: list[str]) -> None:
        name, attribute = alias
        path = [*([attribute] if attribute else []), *attributes]
        if (name, *path[:1]) == ("importlib", "import_module"):
            self._everything()
        module = self._source.module(name)
        while path and (deeper := self._source.module(f"{name}.{path[0]}")):
            name, module = f"{name}.{path.pop(0)}", deeper
        if module is not None and path and path[0] != "*":
            self._definition(module, path[0])
        elif module is not None:
            self._whole(module)

    def _whole(self, module: Module) -> None:
        for name in (*module.bindings, *module.aliases):
            self._definition(module, name)
        self._effects(module)

    def _everything(self) -> None:
        for module in map(self._source.module, self._source.names()):
            if module is not None:
                self._whole(module)


def _outside_names(statement: ast.stmt) -> set[str]:
    """Return the names in a top-level statement that are looked up in its module, by Python's own scoping."""
    top = symtable.symtable(ast.unparse(statement), "<statement>", "exec")
    names = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    waiting = top.get_children()
    while waiting:
        table = waiting.pop()
        names |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        waiting += table.get_children()
    return names


def _chains(node: ast.AST) -> list[tuple[str, list[str]]]:
    """Return every name in `node`, with the attributes that follow it: `a.b.c` is (a, [b, c])."""
    attributes: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        attributes.insert(0, inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Name):
        return [(inner.id, attributes)]
    return [chain for child in ast.iter_child_nodes(inner) for chain in _chains(child)]
