"""The project's own code: parsed without running it, and imported from the checkout that a run is about."""

from __future__ import annotations

import ast
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from noria.errors import PipelineError

Alias = tuple[str, str | None]  # a module, and the name in it unless the module itself is meant

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


@contextmanager
def imported(checkout: Path, pipeline: str) -> Iterator[ModuleType]:
    """Import the pipeline, and what it imports, from `checkout`; there is the working directory meanwhile.

    Afterwards the project's modules are forgotten, so that the next checkout's are imported anew.

    Raises:
        PipelineError: there is no such file. What the module itself raises passes through.
    """
    file = checkout / pipeline
    if not file.is_file():
        raise PipelineError(f"{pipeline}: there is no such file in {checkout}", hint="noria doctor")
    path, directory, silent = list(sys.path), Path.cwd(), sys.dont_write_bytecode
    sys.path[:0] = [str(root) for root in _roots(checkout, pipeline)]
    # Compiled files are told apart by whole seconds: two edits within one would be taken for the same.
    sys.dont_write_bytecode = True
    os.chdir(checkout)
    try:
        importlib.invalidate_caches()
        yield importlib.import_module(file.stem)
    finally:
        sys.path[:], sys.dont_write_bytecode = path, silent
        os.chdir(directory)
        _forget(checkout)


@dataclass(slots=True, kw_only=True)
class Module:
    """A parsed module of the project, without its docstrings.

    `bindings` are the statements that define a name, `aliases` what an imported name stands for, `stars` the
    modules of `from m import *`, `effects` the statements that may do more than define a name.
    """

    name: str
    package: str
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    effects: list[ast.stmt] = field(default_factory=list)


class Source:
    """The project's modules, by name. Only what lies under the checkout is the project's own."""

    def __init__(self, checkout: Path, pipeline: str) -> None:
        self._roots = _roots(checkout, pipeline)
        self.module = cache(self._parse)

    def names(self) -> list[str]:
        """Return the names of all modules of the project."""
        files = {file.relative_to(root) for root in self._roots for file in root.rglob("*.py")}
        return sorted({".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files})

    def _parse(self, name: str) -> Module | None:
        for root in self._roots:
            for file in (
                root.joinpath(*name.split("."), "__init__.py"),
                root / f"{name.replace('.', '/')}.py",
            ):
                if name and file.is_file():
                    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
                    return _read(file, Module(name=name, package=package))
        return None


def aliases(node: ast.Import | ast.ImportFrom, package: str) -> dict[str, Alias]:
    """Return what each name stands for that an import in `package` binds; the name `*` stands for a star."""
    if isinstance(node, ast.ImportFrom):
        parents = package.split(".")
        base = parents[: len(parents) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        return {alias.asname or alias.name: (module, alias.name) for alias in node.names}
    # `import a.b` binds a; `import a.b as c` binds a.b.
    full = {alias.asname: alias.name for alias in node.names if alias.asname}
    heads = {alias.name.partition(".")[0] for alias in node.names if not alias.asname}
    return {name: (target, None) for name, target in (*full.items(), *((head, head) for head in heads))}


def _roots(checkout: Path, pipeline: str) -> tuple[Path, ...]:
    """Return the folders to import the project's modules from: the pipeline's own, and the checkout."""
    return tuple(dict.fromkeys([(checkout / pipeline).parent, checkout]))


def _read(file: Path, module: Module) -> Module:
    tree = _WithoutDocstrings().visit(ast.parse(file.read_text(), filename=str(file)))
    for statement in tree.body:
        names = _defined(statement)
        for name in names:
            module.bindings.setdefault(name, []).append(statement)
        if not names and not isinstance(statement, _IMPORTS):
            module.effects.append(statement)
        if not isinstance(statement, _DEFINITIONS):
            _read_imports(statement, module)
    return module


def _read_imports(statement: ast.stmt, module: Module) -> None:
    for node in ast.walk(statement):
        if isinstance(node, _IMPORTS):
            found = aliases(node, module.package)
            star, _ = found.pop("*", ("", None))
            module.stars += [star] if star else []
            module.aliases |= found


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that the statement defines, or [] when it may do anything else as well."""
    if isinstance(statement, _DEFINITIONS):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        flat = [part for target in targets for part in getattr(target, "elts", [target])]
        names = [part.id for part in flat if isinstance(part, ast.Name)]
        return names if len(names) == len(flat) else []
    return []


class _WithoutDocstrings(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, (*_DEFINITIONS, ast.Module)) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node


def _forget(checkout: Path) -> None:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(checkout):
            del sys.modules[name]
