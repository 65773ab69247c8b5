"""An OpenAI-compatible chat-completions server on loopback for the stand-ins; standard library only."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from . import JUDGE, MODELS
from .data import DemoData
from .judge import UnknownPromptError, judge


class DemoServer:
    """Serves from a thread until it is closed, on a port that the system chooses."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _handler(DemoData()))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="mtbench-demo", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL for an OpenAI client."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def server_bind(self) -> None:
        """Without the look-up of a name for the address, which takes seconds on machines that have none for it."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a client that went away, as one does when its run is stopped."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def reply_to(request: Any, data: DemoData) -> str:
    """The text that answers a chat-completions request.

    Raises:
        _RefusedError: the request is not one that the stand-ins know.
    """
    try:
        model, messages = request["model"], request["messages"]
        prompt = messages[-1]["content"]
        if model == JUDGE:
            return judge(prompt, data)
        said = [message["content"] for message in messages if message["role"] == "user"]
    except (LookupError, TypeError) as error:
        raise _RefusedError(400, f"not a chat-completions request ({error!r})") from error
    except UnknownPromptError as error:
        raise _RefusedError(422, str(error)) from error
    if model not in MODELS:
        raise _RefusedError(404, f"the model {model!r} does not exist; there is {', '.join(MODELS)} and {JUDGE}")
    for question_id, turns in data.questions.items():
        if tuple(said) == turns[: len(said)]:
            return data.answers[model][question_id][len(said) - 1]
    raise _RefusedError(422, "the stand-in answers the questions of the house set alone")


def _handler(data: DemoData) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two packets; the second would wait 40 ms

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                request = json.loads(body)
                status, reply = 200, _completion(request, reply_to(request, data))
            except _RefusedError as error:
                status, reply = error.status, {"error": {"message": str(error), "type": "invalid_request_error"}}
            except ValueError:
                status, reply = 400, {"error": {"message": "not JSON", "type": "invalid_request_error"}}
            payload = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Says nothing: the terminal is pytest's."""

    return Handler


def _completion(request: Any, text: str) -> dict[str, Any]:
    asked = sum(len(message["content"].split()) for message in request["messages"])
    said = len(text.split())
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }
