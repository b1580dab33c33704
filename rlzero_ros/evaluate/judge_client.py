"""A vision-language model that compares two films, behind any OpenAI-compatible endpoint.

The protocol is that of ``POST <url>/chat/completions`` with pictures as data addresses, which
OpenAI, vLLM, llama.cpp, Ollama and others speak. Nothing is sent unless an address is given.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import requests
from numpy.typing import NDArray

from ..errors import DataError
from .strip import png, spread

Choice = Literal["first", "second", "tie"]
_CHOICES: tuple[Choice, ...] = ("first", "second", "tie")
_RETRIED = (408, 409, 429, 500, 502, 503, 504)
_QUESTION = (
    "Two simulated robots of the same kind were both told: {prompt!r}. You see {frames} moments of "
    "the first robot's film in order, then {frames} of the second's. Which robot does better what "
    'it was told? Answer with JSON and nothing else: {{"better": "first"}}, {{"better": "second"}} '
    'or, if neither is better, {{"better": "tie"}}.'
)


class MalformedAnswer(Exception):  # noqa: N818 - an answer, not a failure of ours
    """The model answered, but not with one of the choices."""


@dataclass(frozen=True)
class Endpoint:
    """Where the model is asked, and with how much patience.

    url: the base, such as http://localhost:8000/v1. key: sent as a bearer token; empty sends none.
    retries: after an answer that says "later", or none within timeout_s.
    """

    url: str
    model: str
    key: str = ""
    timeout_s: float = 60.0
    retries: int = 3
    wait_s: float = 1.0


class JudgeClient:
    """Asks one question at a time."""

    def __init__(self, endpoint: Endpoint, frames: int = 8) -> None:
        """frames: pictures of each film."""
        if not endpoint.url.startswith(("http://", "https://")) or not endpoint.model:
            raise DataError(
                f"a judge needs an address like http://localhost:8000/v1 and a model, not "
                f"{endpoint.url!r} and {endpoint.model!r}"
            )
        self._endpoint, self._frames = endpoint, frames
        self._session = requests.Session()
        if endpoint.key:
            self._session.headers["Authorization"] = f"Bearer {endpoint.key}"

    def compare(
        self, prompt: str, first: Sequence[NDArray[np.uint8]], second: Sequence[NDArray[np.uint8]]
    ) -> Choice:
        """Which of two films, each frames (H, W, 3) uint8, better shows what the prompt says.

        Raises MalformedAnswer for an answer that is none, DataError where there is no answer.
        """
        question = _QUESTION.format(prompt=prompt, frames=self._frames)
        content: list[dict[str, Any]] = [{"type": "text", "text": question}]
        for name, film in (("first", first), ("second", second)):
            content.append({"type": "text", "text": f"The {name} robot:"})
            for index in spread(len(film), self._frames):
                encoded = base64.b64encode(png(film[int(index)])).decode("ascii")
                address = f"data:image/png;base64,{encoded}"
                content.append({"type": "image_url", "image_url": {"url": address}})
        body = {
            "model": self._endpoint.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0.0,
            "max_tokens": 64,
        }
        return parse_choice(self._ask(body))

    def _ask(self, body: dict[str, Any]) -> str:
        """The text of the answer."""
        end, url = self._endpoint, self._endpoint.url.rstrip("/") + "/chat/completions"
        reason = ""
        for attempt in range(end.retries + 1):
            if attempt:
                time.sleep(end.wait_s * 2 ** (attempt - 1))
            try:
                response = self._session.post(url, json=body, timeout=end.timeout_s)
            except (requests.ConnectionError, requests.Timeout) as error:
                reason = f"{type(error).__name__}"
                continue
            if response.status_code in _RETRIED:
                reason = f"HTTP status {response.status_code}"
                continue
            if not response.ok:
                raise DataError(
                    f"the judge at {url} refuses: HTTP status {response.status_code}: "
                    f"{response.text[:200]!r}"
                )
            try:
                text = response.json()["choices"][0]["message"]["content"]
            except (ValueError, LookupError, TypeError) as error:
                raise MalformedAnswer(f"no message in {response.text[:200]!r}") from error
            if not isinstance(text, str):
                raise MalformedAnswer(f"the message is no text: {text!r}")
            return text
        raise DataError(f"the judge at {url} does not answer: {reason}")


def parse_choice(text: str) -> Choice:
    """The choice in an answer: its JSON, also within other words; MalformedAnswer without one."""
    for found in re.findall(r"\{[^{}]*\}", text):
        try:
            better = json.loads(found).get("better")
        except ValueError:
            continue
        for choice in _CHOICES:
            if isinstance(better, str) and better.strip().lower() == choice:
                return choice
    raise MalformedAnswer(f"neither first, second nor tie: {text[:200]!r}")
