"""LitServe: `lit.py PORT`."""

import sys

import litserve
from predictor import Predictor


class Server(litserve.LitAPI):
    def setup(self, device):
        self.predictor = Predictor()

    def decode_request(self, request):
        return request["rows"]

    def batch(self, requests):
        self.sizes = [len(rows) for rows in requests]
        return [row for rows in requests for row in rows]

    def predict(self, rows):
        return self.predictor.predict(rows)

    def unbatch(self, outputs):
        ends = [sum(self.sizes[: number + 1]) for number in range(len(self.sizes))]
        return [outputs[end - size : end] for end, size in zip(ends, self.sizes, strict=True)]

    def encode_response(self, output):
        return {"predictions": output}


if __name__ == "__main__":
    api = Server(max_batch_size=64, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error")
