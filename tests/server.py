"""A scripted OpenAI-compatible endpoint on loopback: real HTTP, answers by rule, faults on request."""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JUDGE, SECOND, THIRD = "the-judge", "second-judge", "third-judge"


@dataclass
class Reply:
    """What the endpoint sends back.

    Args:
        text: content of the message; with `body` given it is not used.
        body: a whole JSON body, or raw bytes.
        hang: seconds to wait before anything is sent.
        drop: close the connection without a reply.
        events: where a stream is asked for, the data of its events; by default the text's words, finish and usage.
        pause: seconds before each event; `stays_open`: seconds for which the connection stays open after the last.
        ends: False ends a stream without its end, as a connection that broke.
    """

    text: str | None = ""
    status: int = 200
    finish_reason: str = "stop"
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    hang: float = 0.0
    drop: bool = False
    cut_off: bool = False
    served: str | None = None
    events: list[Any] | None = None
    pause: float = 0.0
    stays_open: float = 0.0
    ends: bool = True


def error(status: int, message: str, code: str | None = None, param: str | None = None, **headers: str) -> Reply:
    """An error in OpenAI's form; header names are written with underscores."""
    body = {"error": {"message": message, "type": code or "error", "code": code, "param": param}}
    return Reply(status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Asked:
    """One request that arrived."""

    model: str
    messages: list[dict[str, str]]
    body: dict[str, Any]
    path: str
    headers: Message
    at: float

    @property
    def prompt(self) -> str:
        """The last user message."""
        return self.messages[-1]["content"]

    @property
    def is_judge(self) -> bool:
        return self.model in (JUDGE, SECOND, THIRD)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a client that went away, as one does when its run is stopped."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class _StreamHandler(BaseHTTPRequestHandler):
    """Sends a reply in pieces."""

    closing: threading.Event

    def stream(self, asked: Asked, reply: Reply) -> None:
        self.close_connection = not reply.ends
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in _events(asked, reply) if reply.events is None else reply.events:
                self.closing.wait(reply.pause)
                self._chunk(event if isinstance(event, str) else f"data: {json.dumps(event)}")
            self.closing.wait(reply.stays_open)
            if reply.ends:
                self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            self.close_connection = True

    def _chunk(self, line: str) -> None:
        data = f"{line}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class Server:
    """The server; `answer` and `judge` may be replaced by any rule.

    `before` sees every request first, with its number from 0, and may give a reply instead.
    """

    answer: Callable[[Asked], Reply | str]
    judge: Callable[[Asked], Reply | str]
    before: Callable[[Asked, int], Reply | None]

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.reset()
        self.in_flight: dict[bool, int] = {True: 0, False: 0}
        self.most_in_flight: dict[bool, int] = {True: 0, False: 0}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/v1"

    @property
    def answers(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.is_judge]

    @property
    def judgments(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.is_judge]

    def reset(self) -> None:
        """Forgets what was asked and every rule that was set."""
        self.answer = lambda asked: f"an answer to: {asked.prompt[:60]}"
        self.judge = lambda asked: "It is fine. Rating: [[8]]"
        self.before = lambda asked, number: None
        self.latency = 0.0
        self.clear()

    def clear(self) -> None:
        """Forgets what was asked."""
        self.asked.clear()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def stats(self) -> dict[str, float]:
        """Requests, and the seconds from the first one's arrival to the end of the last one's latency."""
        asked = list(self.asked)
        busy = asked[-1].at + self.latency - asked[0].at if asked else 0.0
        return {"requests": len(asked), "busy_seconds": busy}

    def reply(self, asked: Asked) -> Reply:
        """Counts a request and finds its reply."""
        with self._lock:
            number = len(self.asked)
            self.asked.append(asked)
            self.in_flight[asked.is_judge] += 1
            flying = self.in_flight[asked.is_judge]
            self.most_in_flight[asked.is_judge] = max(self.most_in_flight[asked.is_judge], flying)
        try:
            reply: Reply | str | None = self.before(asked, number)
            if reply is None:
                self._closing.wait(self.latency)
                reply = (self.judge if asked.is_judge else self.answer)(asked)
            reply = Reply(reply) if isinstance(reply, str) else reply
            self._closing.wait(reply.hang)
            return reply
        finally:
            with self._lock:
                self.in_flight[asked.is_judge] -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(_StreamHandler):
            closing = self._closing
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two packets; the second would wait 40 ms

            def do_POST(self) -> None:
                try:
                    body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                except (ValueError, ConnectionError):  # the client was stopped while it sent
                    self.close_connection = True
                    return
                asked = Asked(body["model"], body["messages"], body, self.path, self.headers, time.monotonic())
                reply = endpoint.reply(asked)
                if reply.drop:
                    self.close_connection = True
                    return
                payload = reply.body if isinstance(reply.body, bytes) else json.dumps(_body(asked, reply)).encode()
                if asked.body.get("stream") and reply.status == 200 and reply.body is None:
                    self.stream(asked, reply)
                    return
                kind = "text/html" if isinstance(reply.body, bytes) else "application/json"
                try:
                    self.send_response(reply.status)
                    for name, value in {"Content-Type": kind, **reply.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(payload)))
                    self.end_headers()
                    self.wfile.write(payload[: len(payload) // 2] if reply.cut_off else payload)
                except ConnectionError:
                    self.close_connection = True
                if reply.cut_off:
                    self.close_connection = True

            def do_GET(self) -> None:
                payload = json.dumps(endpoint.stats()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Says nothing."""

        return Handler


def piece(text: str | None = None, *, model: str = "m", finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """One event of a streamed reply."""
    said = delta | ({} if text is None else {"content": text})
    choice = {"index": 0, "delta": said, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}


def _events(asked: Asked, reply: Reply) -> list[Any]:
    model, words = reply.served or asked.model, (reply.text or "").split(" ")
    texts = [word if number == 0 else f" {word}" for number, word in enumerate(words)]
    pieces: list[Any] = [piece("", model=model, role="assistant"), *(piece(text, model=model) for text in texts)]
    pieces.append(piece(model=model, finish=reply.finish_reason))
    if (asked.body.get("stream_options") or {}).get("include_usage"):
        pieces.append(piece(model=model) | {"choices": [], "usage": _body(asked, reply)["usage"]})
    return [*pieces, "data: [DONE]"]


def _body(asked: Asked, reply: Reply) -> Any:
    if reply.body is not None:
        return reply.body
    words = sum(len(message["content"].split()) for message in asked.messages)
    message = {"role": "assistant", "content": reply.text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": reply.served or asked.model,
        "choices": [{"index": 0, "finish_reason": reply.finish_reason, "message": message}],
        "usage": {"prompt_tokens": words, "completion_tokens": 10, "total_tokens": words + 10},
    }
