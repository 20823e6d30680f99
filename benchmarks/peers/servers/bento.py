"""BentoML: `bentoml serve bento:Server`."""

import bentoml
from predictor import Predictor


@bentoml.service(workers=1)
class Server:
    def __init__(self):
        self.predictor = Predictor()

    @bentoml.api(batchable=True, max_batch_size=256, max_latency_ms=1000)
    def predict(self, rows: list[list[float | str]]) -> list[float]:
        return self.predictor.predict(rows)
