import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest
from typer.testing import CliRunner

from noria.cli import app, label
from noria.errors import DataError, NoriaError, Unavailable

PROJECT = """
[model]
name = "churn"
task = "binary"
pipeline = "pipeline.py"
[data]
source = "customers.csv"
label = "churned"
features = ["age"]
[serve]
port = {port}
"""


@pytest.fixture
def gateway(tmp_path, monkeypatch):
    """A server that notes what is posted to it, and answers with its `status`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.posts.append((self.path, self.headers["X-Noria-Source"], json.loads(body)))
            server.tokens.append(self.headers["Authorization"])
            self.send_response(server.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.posts, server.tokens, server.status = [], [], 200
    (tmp_path / "noria.toml").write_text(PROJECT.format(port=server.server_port))
    monkeypatch.chdir(tmp_path)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_labels_of_a_csv_file_are_posted_in_batches(gateway, tmp_path, monkeypatch):
    monkeypatch.setattr(label, "BATCH", 2)
    (tmp_path / "labels.csv").write_text("id,label\na,1\nb,0\nc,yes\n")
    result = CliRunner().invoke(app, ["label", "labels.csv"])
    assert result.output == "3 labels sent\n"
    assert gateway.posts == [
        ("/feedback", "file", {"ids": ["a", "b"], "labels": [1, 0]}),
        ("/feedback", "file", {"ids": ["c"], "labels": ["yes"]}),
    ]


def test_each_source_of_a_parquet_file_is_named(gateway, tmp_path):
    pl.DataFrame({"id": [7, 8], "label": [1, 0], "source": ["app", "desk"]}).write_parquet(
        tmp_path / "l.parquet"
    )
    CliRunner().invoke(app, ["label", "l.parquet"])
    assert gateway.posts == [
        ("/feedback", "app", {"ids": ["7"], "labels": [1]}),
        ("/feedback", "desk", {"ids": ["8"], "labels": [0]}),
    ]


def test_a_row_without_a_label_is_left_out(gateway, tmp_path):
    (tmp_path / "queue.csv").write_text("id,label,why\na,,uncertain\nb,1,rare\nc,,rare\n")
    result = CliRunner().invoke(app, ["label", "queue.csv"])
    assert result.output == "1 labels sent; 2 rows have none\n"
    assert gateway.posts == [("/feedback", "file", {"ids": ["b"], "labels": [1]})]


FAULTS = [("id,label\n,1\n", "row 1"), ("id,late\na,1\n", "row 1"), ("label\n1\n", "row 1")]


@pytest.mark.parametrize(("content", "said"), FAULTS)
def test_a_row_without_id_or_label_is_named(gateway, tmp_path, content, said):
    (tmp_path / "labels.csv").write_text(content)
    result = CliRunner().invoke(app, ["label", "labels.csv"])
    assert isinstance(result.exception, DataError)
    assert said in result.exception.message


def test_a_file_that_is_not_there_is_said(gateway):
    assert isinstance(CliRunner().invoke(app, ["label", "none.csv"]).exception, DataError)


def test_a_token_is_taken_from_the_environment(gateway, tmp_path, monkeypatch):
    (tmp_path / "labels.csv").write_text("id,label\na,1\n")
    CliRunner().invoke(app, ["label", "labels.csv"])
    monkeypatch.setenv("NORIA_TOKEN", "noria_secret")
    CliRunner().invoke(app, ["label", "labels.csv"])
    assert gateway.tokens == [None, "Bearer noria_secret"]


def test_who_lacks_a_token_is_told_how_to_make_one(gateway, tmp_path):
    gateway.status = 401
    (tmp_path / "labels.csv").write_text("id,label\na,1\n")
    result = CliRunner().invoke(app, ["label", "labels.csv"])
    assert "noria token create" in result.exception.hint


def test_a_refusal_is_told(gateway, tmp_path):
    gateway.status = 400
    (tmp_path / "labels.csv").write_text("id,label\na,1\n")
    result = CliRunner().invoke(app, ["label", "labels.csv"])
    assert isinstance(result.exception, NoriaError)
    assert "refused the labels (400)" in result.exception.message


def test_without_a_gateway_the_next_command_is_told(tmp_path, monkeypatch):
    (tmp_path / "noria.toml").write_text(PROJECT.format(port=9))  # nobody listens on the discard port
    (tmp_path / "labels.csv").write_text("id,label\na,1\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["label", "labels.csv"])
    assert isinstance(result.exception, Unavailable)
    assert result.exception.hint == "noria up"
