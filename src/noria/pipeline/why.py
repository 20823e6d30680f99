"""Says why a step would run again, or that its stored output would be taken."""

from __future__ import annotations

from pathlib import Path

from noria.errors import PipelineError
from noria.pipeline import fingerprint, graph
from noria.pipeline.source import Source, imported
from noria.pipeline.store import Store
from noria.pipeline.train import Request, inputs


def why(request: Request, step: str) -> tuple[str, ...]:
    """Return a sentence for each change since the step's last execution; () if its output would be reused.

    Raises:
        PipelineError: the pipeline has no such step, or its graph has a fault.
    """
    checkout = Path(request.checkout)
    source = Source(checkout, request.pipeline)
    environment = fingerprint.environment(checkout)
    store = Store(Path(request.cache))
    content = {name: value.content for name, value in inputs(request).items()}
    with imported(checkout, request.pipeline) as module:
        steps = graph.read(module)
        for each in steps:
            parts = fingerprint.parts(each, module.__name__, source, content, environment)
            stored = store.find(fingerprint.key(parts))
            if each.name == step:
                lost = "its output was not kept, or is damaged"
                return () if stored else fingerprint.explain(store.last(step), parts) or (lost,)
            content[each.name] = stored.digest if stored else f"made anew by the step {each.name}"
    names = ", ".join(each.name for each in steps)
    message = f"there is no step {step!r} in {request.pipeline} (steps: {names})"
    raise PipelineError(message, hint="noria why model")
