"""The model as a judge, against a server that speaks the endpoint's protocol."""

import base64
import contextlib
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.judge import Judge, Tally
from rlzero_ros.evaluate.judge_client import (
    Endpoint,
    JudgeClient,
    MalformedAnswer,
    parse_choice,
)
from rlzero_ros.evaluate.language_judging import judge_runs
from rlzero_ros.evaluate.language_methods import Run, Trial
from rlzero_ros.evaluate.language_store import ResultStore, RunResult
from rlzero_ros.evaluate.language_suite import LanguageTask
from rlzero_ros.evaluate.video import write_mp4
from rlzero_ros.robots.registry import load_robot

BRIGHT = [np.full((24, 32, 3), 200, np.uint8)] * 5
DARK = [np.full((24, 32, 3), 20, np.uint8)] * 5


class Server:
    """Answers as `reply(first, second)` says, the mean brightness of each film being its input."""

    def __init__(self):
        self.reply = lambda first, second: '{"better": "tie"}'
        self.failures = []
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, self.headers.get("Authorization"), body))
                if outer.failures:
                    self.send_response(outer.failures.pop(0))
                    self.end_headers()
                    return
                content = outer.reply(*films(body))
                message = {"role": "assistant", "content": content}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                answer = {"id": "1", "object": "chat.completion", "choices": [choice]}
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # who asked had no more patience
                    self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


def films(body):
    """Mean brightness of the two films, decoded from the pictures in the request."""
    [message] = body["messages"]
    assert message["role"] == "user"
    found = []
    for part in message["content"]:
        if part["type"] == "text" and part["text"].startswith("The "):
            found.append([])
        elif part["type"] == "image_url":
            kind, _, data = part["image_url"]["url"].partition(";base64,")
            assert kind == "data:image/png"
            found[-1].append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))).mean())
    assert len(found) == 2
    return [float(np.mean(film)) for film in found]


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


def judge(server, **options):
    endpoint = Endpoint(server.url, "some-model", **{"wait_s": 0.01, **options})
    return Judge(JudgeClient(endpoint, frames=4), "some-model")


def brighter(first, second):
    return json.dumps({"better": "first" if first > second else "second"})


def test_the_better_film_wins_in_either_order(server):
    server.reply = brighter
    mine = judge(server, key="secret")
    assert mine.judge("shine", BRIGHT, DARK) == "win"
    assert mine.judge("shine", DARK, BRIGHT) == "loss"
    path, key, body = server.requests[0]
    assert path == "/v1/chat/completions"
    assert key == "Bearer secret"
    assert body["model"] == "some-model"
    assert "shine" in body["messages"][0]["content"][0]["text"]
    assert sum(p["type"] == "image_url" for p in body["messages"][0]["content"]) == 8


def test_a_judge_that_always_takes_the_first_decides_nothing(server):
    server.reply = lambda *_: 'The first one. {"better": "first"}'
    assert judge(server).judge("shine", BRIGHT, DARK) == "inconsistent"


def test_ties_are_ties(server):
    assert judge(server).judge("shine", BRIGHT, DARK) == "tie"
    answers = ['{"better": "first"}', '{"better": "tie"}']
    server.reply = lambda *_: answers.pop(0)
    assert judge(server).judge("shine", BRIGHT, DARK) == "tie"


def test_malformed_answers_are_asked_again_and_then_counted_apart(server):
    answers = ["what?", '{"better": "first"}', '{"better": "second"}']
    server.reply = lambda *_: answers.pop(0)
    assert judge(server).judge("shine", BRIGHT, DARK) == "win"
    server.reply = lambda *_: "I cannot say."
    assert judge(server).judge("shine", BRIGHT, DARK) == "malformed"
    assert len(server.requests) == 5


def test_ties_count_half_and_no_answer_counts_nowhere():
    tally = Tally()
    assert tally.win_rate is None
    for outcome in ("win", "win", "loss", "tie", "inconsistent", "malformed"):
        tally.count(outcome)
    assert tally.win_rate == pytest.approx(3 / 5)
    assert tally.to_dict()["malformed"] == 1


def test_an_overloaded_endpoint_is_asked_again(server):
    server.reply, server.failures = brighter, [429, 503]
    assert judge(server).judge("shine", BRIGHT, DARK) == "win"
    assert len(server.requests) == 4


def test_a_refusing_or_silent_endpoint_is_one_clear_error(server):
    server.failures = [401]
    with pytest.raises(DataError, match="401"):
        judge(server).judge("shine", BRIGHT, DARK)
    server.failures = [500, 500]
    with pytest.raises(DataError, match="500"):
        judge(server, retries=1).judge("shine", BRIGHT, DARK)
    ready = threading.Event()
    server.reply = lambda *_: str(ready.wait(5.0))
    with pytest.raises(DataError, match="Timeout"):
        judge(server, timeout_s=0.2, retries=0).judge("shine", BRIGHT, DARK)
    ready.set()
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", retries=0)
    with pytest.raises(DataError, match="does not answer"):
        JudgeClient(endpoint).compare("shine", BRIGHT, DARK)


class Contestant:
    """A method that is never run: its results and films are there already."""

    def __init__(self, name):
        self.name = name

    def config(self, task):
        return {}


def test_films_of_the_benchmark_are_judged_once(server, tmp_path):
    server.reply = brighter
    store, robot = ResultStore(tmp_path), load_robot("walker")
    task, trial = LanguageTask("walker", "stand", "shine"), Trial(1, 1, (0,))
    runs = [Run(robot, Contestant(n), task, 0, trial) for n in ("ours", "td3", "rehearsed")]
    for run, film in zip(runs, (BRIGHT, DARK, DARK), strict=True):
        store.put(run.key, RunResult([1.0], 0.0), np.zeros((1, 18)))
        write_mp4(iter(film), store.path(run.key, ".mp4"), fps=5)
    for _ in range(2):
        counts = judge_runs(judge(server), runs, store)
        assert counts["td3"]["win"] == counts["all"]["win"] == 1
        assert set(counts) == {"td3", "all", "error"}
    assert len(server.requests) == 2
    server.failures = [401]
    other = Judge(JudgeClient(Endpoint(server.url, "another")), "another")
    counts = judge_runs(other, runs, store)
    assert "401" in counts["error"]
    assert counts["all"]["win_rate"] is None


@pytest.mark.parametrize("url", ["", "localhost:8000"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(DataError, match="address"):
        JudgeClient(Endpoint(url, "model"))


def test_choices_are_read_from_what_models_write():
    assert parse_choice('```json\n{"better": "Second"}\n```') == "second"
    for text in ("", "first", '{"better": 1}', '{"better": "both"}', "{better: first}"):
        with pytest.raises(MalformedAnswer):
            parse_choice(text)
