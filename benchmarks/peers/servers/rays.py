"""Ray Serve: `rays.py PORT`."""

import sys

import ray
from predictor import Predictor
from ray import serve


@serve.deployment(max_ongoing_requests=256, ray_actor_options={"num_cpus": 1})
class Server:
    def __init__(self):
        self.predictor = Predictor()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.001)
    async def predict(self, requests):
        outputs = self.predictor.predict([row for rows in requests for row in rows])
        ends = [sum(map(len, requests[: number + 1])) for number in range(len(requests))]
        return [outputs[end - len(rows) : end] for end, rows in zip(ends, requests, strict=True)]

    async def __call__(self, request):
        return {"predictions": await self.predict((await request.json())["rows"])}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Server.bind(), blocking=True)
