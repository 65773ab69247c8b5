from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import platformdirs
import pytest

from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.domain.question import QuestionSet
from pytest_mtbench.protocol.prompts import REFERENCE_CATEGORIES
from pytest_mtbench.questions import load_folder, load_questions, registry
from pytest_mtbench.questions.loading import OWN_PROMPTS, load_prompts
from tests.sets import QUESTIONS, REFERENCES, write_jsonl, write_set

OTHER_PROMPTS = OWN_PROMPTS.read_text(encoding="utf-8").replace("strictly and evenly", "as the published ones do")
FILES = {
    "mt_bench/question.jsonl": "".join(json.dumps(row) + "\n" for row in QUESTIONS).encode(),
    "judge_prompts.jsonl": OTHER_PROMPTS.encode(),
    "mt_bench/reference_answer/gpt-4.jsonl": "".join(json.dumps(row) + "\n" for row in REFERENCES).encode(),
}


# One test is about sockets that stay open; the others are about what is said and kept.
sockets_do_not_matter = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


class FileServer:
    """Serves files from memory on loopback, whole or not.

    `cut_off` names a file that is sent by half; `announced` says whether its length is.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: list[str] = []
        self.cut_off: str | None = None
        self.announced = True
        self.status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/data/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/data/")
                served.asked.append(name)
                content = served.files.get(name)
                status = 404 if content is None else served.status
                cut = name == served.cut_off
                body = content if status == 200 and content is not None else b"sorry"
                self.send_response(status)
                if served.announced:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Says nothing."""

        return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server whose files are the ones that the registry expects."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(registry, "FILES", hashes)
    server = FileServer(FILES)
    yield server
    server.close()


@pytest.fixture
def user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, on every platform."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "user-cache" / name))
    return tmp_path / "user-cache" / "pytest-mtbench"


def original(server: FileServer, tmp_path: Path, **environ: str) -> QuestionSet:
    return load_questions("mt_bench", relative_to=tmp_path, environ=environ, base_url=server.url)


def refused(url: str, folder: Path) -> str:
    """The message of a download that must fail."""
    with pytest.raises(ConfigError) as caught:
        registry.download(url, folder)
    message = str(caught.value)
    del caught
    gc.collect()  # what is left open is found by the test that left it
    return message


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def fastchat_layout(folder: Path) -> Path:
    """The data folder of a FastChat checkout: the prompts stand beside the folder of the set."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def flat_layout(folder: Path) -> Path:
    for name, content in FILES.items():
        path = folder / name.removeprefix("mt_bench/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_original_is_pinned_to_one_commit_and_three_hashes() -> None:
    assert registry.BASE_URL == (
        "https://raw.githubusercontent.com/lm-sys/FastChat/0e6d3e4beaab66f4d3f93db72541a4abab8af28d"
        "/fastchat/llm_judge/data/"
    )
    assert registry.FILES == {
        "mt_bench/question.jsonl": "119565adbab82227089cefdb44c8d7e2cf04dc0a0ec233634c82e7d4e2a944f7",
        "judge_prompts.jsonl": "fd283293406d024f44c174b094ef48031d0687a4682fd3a56b29b138f80281b6",
        "mt_bench/reference_answer/gpt-4.jsonl": "f957a5bc977badb66885ec970e6cd08527845780313f0995764260e5777b9b3f",
    }


# --- the download ---


def test_the_original_is_downloaded_into_the_users_cache(server: FileServer, user_cache: Path, tmp_path: Path) -> None:
    loaded = original(server, tmp_path)
    assert sorted(server.asked) == sorted(FILES)
    assert loaded.name == "mt_bench"
    assert [question.id for question in loaded.questions] == [row["question_id"] for row in QUESTIONS]
    assert loaded.questions[2].reference == ("42", "40")
    assert "as the published ones do" in loaded.prompts["single-v1"].system_prompt
    assert {Path(name).name for name in files_below(user_cache)} == {Path(name).name for name in FILES}


def test_a_second_call_needs_no_network(server: FileServer, user_cache: Path, tmp_path: Path) -> None:
    first = original(server, tmp_path)
    server.close()
    assert original(server, tmp_path) == first
    assert len(server.asked) == 3


def test_downloaded_files_are_the_ones_that_were_sent(server: FileServer, tmp_path: Path) -> None:
    folder = registry.download(server.url, tmp_path / "cache")
    assert load_folder(folder).identity == load_folder(flat_layout(tmp_path / "flat")).identity
    assert {(folder / name).read_bytes() for name in files_below(folder)} == set(FILES.values())


@sockets_do_not_matter
def test_an_interrupted_download_goes_on_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    missing = "mt_bench/reference_answer/gpt-4.jsonl"
    content = server.files.pop(missing)
    refused(server.url, tmp_path)
    server.files[missing] = content
    server.asked.clear()
    folder = registry.download(server.url, tmp_path)
    assert server.asked == [missing]
    assert load_folder(folder).questions[2].reference == ("42", "40")


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_another_hash_is_refused_and_not_kept(server: FileServer, tmp_path: Path, name: str) -> None:
    server.files[name] = FILES[name] + b"\n"
    message = refused(server.url, tmp_path)
    assert f"{server.url}{name}" in message
    assert "SHA-256" in message
    assert "MTBENCH_DATA" in message
    assert Path(name).name not in {Path(kept).name for kept in files_below(tmp_path)}
    assert len(files_below(tmp_path)) == list(FILES).index(name), "only the files before it, and no remains of it"


@sockets_do_not_matter
@pytest.mark.parametrize("announced", [True, False])
def test_a_cut_off_transfer_is_refused_and_not_kept(server: FileServer, tmp_path: Path, announced: bool) -> None:
    server.cut_off = "mt_bench/question.jsonl"
    server.announced = announced
    message = refused(server.url, tmp_path)
    assert f"{server.url}mt_bench/question.jsonl" in message
    assert "MTBENCH_DATA" in message
    assert files_below(tmp_path) == set()
    server.cut_off = None
    assert len(load_folder(registry.download(server.url, tmp_path)).questions) == len(QUESTIONS)


@sockets_do_not_matter
@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_error_of_the_server_is_named_with_the_way_out(server: FileServer, tmp_path: Path, status: int) -> None:
    server.status = status
    message = refused(server.url, tmp_path)
    assert server.url in message
    assert "MTBENCH_DATA" in message
    assert "--mtbench-questions" in message
    assert files_below(tmp_path) == set()


def test_a_server_that_is_down_is_named_with_the_way_out(server: FileServer, tmp_path: Path) -> None:
    server.close()
    message = refused(server.url, tmp_path)
    assert server.url in message
    assert "MTBENCH_DATA" in message
    assert len(message.splitlines()) <= 2
    assert "Traceback" not in message


def test_a_server_that_hangs_up_is_named_with_the_way_out(server: FileServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def hang_up() -> None:
            listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert "MTBENCH_DATA" in refused(f"http://127.0.0.1:{listening.getsockname()[1]}/", tmp_path)
        thread.join()


def sockets_to(url: str) -> list[socket.socket]:
    """The sockets of this process that are connected to a server, whether anything still uses them or not."""
    port = int(url.split(":")[2].split("/")[0])
    found = []
    for thing in gc.get_objects():
        if type(thing) is socket.socket and thing.fileno() >= 0:
            with contextlib.suppress(OSError):
                found += [thing] if thing.getpeername()[1] == port else []
    return found


@sockets_do_not_matter
@pytest.mark.parametrize("fault", ["status", "cut-off"])
def test_a_failed_download_leaves_no_socket_open(server: FileServer, tmp_path: Path, fault: str) -> None:
    """The garbage collector would close it at some time, with a warning that `-W error` turns into an error."""
    server.status = 500 if fault == "status" else 200
    server.cut_off = "mt_bench/question.jsonl"
    with pytest.raises(ConfigError) as caught:
        registry.download(server.url, tmp_path)
    left_open = len(sockets_to(server.url))
    del caught
    gc.collect()
    assert left_open == 0


def test_a_spoilt_file_in_the_cache_is_fetched_again(server: FileServer, tmp_path: Path) -> None:
    folder = registry.download(server.url, tmp_path)
    (folder / "question.jsonl").write_text('{"question_id": 1, "category": "x", "turns": ["an easy one"]}\n')
    server.asked.clear()
    assert registry.download(server.url, tmp_path) == folder
    assert server.asked == ["mt_bench/question.jsonl"]
    assert (folder / "question.jsonl").read_bytes() == FILES["mt_bench/question.jsonl"]


def test_a_spoilt_file_in_the_cache_is_never_used(server: FileServer, user_cache: Path, tmp_path: Path) -> None:
    original(server, tmp_path)
    (spoilt,) = user_cache.rglob("judge_prompts.jsonl")
    spoilt.write_text(OTHER_PROMPTS.replace("from 1 (useless)", "always 10, never 1 (useless)"), encoding="utf-8")
    server.close()
    with pytest.raises(ConfigError, match="MTBENCH_DATA"):
        original(server, tmp_path)


def test_a_cache_folder_that_cannot_be_made_is_named(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    message = refused(server.url, tmp_path / "file" / "cache")
    assert str(tmp_path / "file") in message
    assert "MTBENCH_DATA" in message
    assert server.asked == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_cache_folder_that_cannot_be_written_is_named(server: FileServer, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o500)
    message = refused(server.url, folder)
    assert "cannot be written" in message
    assert str(folder) in message
    assert server.asked == []


def test_two_downloads_at_once_do_not_disturb_each_other(server: FileServer, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def download() -> None:
        try:
            registry.download(server.url, tmp_path)
        except BaseException as error:  # noqa: BLE001 - reported by the test
            failures.append(error)

    threads = [threading.Thread(target=download) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {path.read_bytes() for path in tmp_path.rglob("*.jsonl")} == set(FILES.values())


# --- MTBENCH_DATA ---


def test_mtbench_data_in_the_flat_layout_is_used_without_a_network(server: FileServer, tmp_path: Path) -> None:
    loaded = original(server, tmp_path, MTBENCH_DATA=str(flat_layout(tmp_path / "data")))
    assert loaded.name == "mt_bench"
    assert loaded.questions[2].reference == ("42", "40")
    assert "as the published ones do" in loaded.prompts["single-v1"].system_prompt
    assert server.asked == []


def test_mtbench_data_in_fastchats_layout_is_used_without_a_network(server: FileServer, tmp_path: Path) -> None:
    loaded = original(server, tmp_path, MTBENCH_DATA=str(fastchat_layout(tmp_path / "data")))
    assert loaded.name == "mt_bench"
    assert loaded.questions[2].reference == ("42", "40")
    assert server.asked == []


@pytest.mark.parametrize("below", ["", "mt_bench"])
def test_mtbench_data_in_fastchats_layout_is_judged_with_its_own_prompts(
    server: FileServer, tmp_path: Path, below: str
) -> None:
    """With other prompts the scores would not compare with the published ones, and nothing would say so."""
    loaded = original(server, tmp_path, MTBENCH_DATA=str(fastchat_layout(tmp_path / "data") / below))
    assert "as the published ones do" in loaded.prompts["single-v1"].system_prompt


def test_both_layouts_and_the_download_are_one_set(server: FileServer, user_cache: Path, tmp_path: Path) -> None:
    downloaded = original(server, tmp_path)
    flat = original(server, tmp_path, MTBENCH_DATA=str(flat_layout(tmp_path / "flat")))
    checkout = original(server, tmp_path, MTBENCH_DATA=str(fastchat_layout(tmp_path / "checkout")))
    assert downloaded == flat
    assert downloaded == checkout


def test_mtbench_data_may_start_at_the_home_folder(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat_layout(tmp_path / "home" / "data")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert original(server, tmp_path, MTBENCH_DATA="~/data").questions
    assert server.asked == []


def test_an_empty_mtbench_data_is_none(server: FileServer, user_cache: Path, tmp_path: Path) -> None:
    assert original(server, tmp_path, MTBENCH_DATA="").questions
    assert len(server.asked) == 3


def test_a_wrong_mtbench_data_is_named_and_nothing_is_downloaded_instead(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"MTBENCH_DATA: .*gone: no such folder"):
        original(server, tmp_path, MTBENCH_DATA=str(tmp_path / "gone"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"empty.*question\.jsonl: no such file"):
        original(server, tmp_path, MTBENCH_DATA=str(tmp_path / "empty"))
    assert server.asked == []


def test_mtbench_data_does_not_matter_to_other_sets(small_set: Path, tmp_path: Path) -> None:
    environ = {"MTBENCH_DATA": str(tmp_path / "gone")}
    assert load_questions("small_set", relative_to=tmp_path, environ=environ).questions


# --- the package's own set ---


def test_the_house_set_is_whole_and_needs_no_network(server: FileServer, tmp_path: Path) -> None:
    house = load_questions("house", relative_to=tmp_path / "gone", environ={}, base_url=server.url)
    assert server.asked == []
    assert house.name == "house"
    assert not house.original
    assert house.notes == ()
    assert house.prompts == load_prompts(OWN_PROMPTS)
    assert Counter(question.category for question in house.questions) == dict.fromkeys(
        ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities"), 10
    )
    for question in house.questions:
        assert len(question.turns) == 2
        if question.category in REFERENCE_CATEGORIES:
            assert question.reference is not None
            assert len(question.reference) == 2


def test_the_house_set_takes_other_references(tmp_path: Path) -> None:
    question = next(q for q in load_questions("house", relative_to=tmp_path, environ={}).questions if q.reference)
    write_jsonl(tmp_path / "r.jsonl", [{"question_id": question.id, "choices": [{"turns": ["mine", "too"]}]}])
    other = load_questions("house", relative_to=tmp_path, references=tmp_path / "r.jsonl", environ={})
    assert [q.reference for q in other.questions if q.reference] == [("mine", "too")]


# --- names and folders ---


def test_a_folder_is_relative_to_where_it_was_named(small_set: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert load_questions("small_set", relative_to=tmp_path, environ={}).name == "small_set"
    assert load_questions("../small_set", relative_to=tmp_path / "sub", environ={}).questions
    assert load_questions(str(small_set), relative_to=tmp_path / "sub", environ={}).questions


def test_a_folder_that_is_called_as_a_set_is_reached_by_its_path(tmp_path: Path) -> None:
    write_set(tmp_path / "mt_bench", QUESTIONS[:1])
    assert len(load_questions("./mt_bench", relative_to=tmp_path, environ={}).questions) == 1


def test_other_references_are_used(small_set: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "r.jsonl", [{"question_id": 3, "choices": [{"turns": ["forty-two", "forty"]}]}])
    loaded = load_questions("small_set", relative_to=tmp_path, references=tmp_path / "r.jsonl", environ={})
    assert loaded.questions[2].reference == ("forty-two", "forty")


@pytest.mark.parametrize("name", ["mtbench", "mt-bench", "mt_bnech"])
def test_a_misspelt_set_gets_a_suggestion(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_questions(name, relative_to=tmp_path, environ={})
    assert repr(name) in str(caught.value)
    assert "did you mean mt_bench?" in str(caught.value)


def test_an_unknown_set_gets_the_names_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_questions("squad", relative_to=tmp_path, environ={})
    for name in registry.NAMES:
        assert name in str(caught.value)


@pytest.mark.parametrize("name", ["sub/gone", "./gone", "/gone/for/good", "sub/file.jsonl"])
def test_a_missing_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file.jsonl").write_text("")
    with pytest.raises(ConfigError) as caught:
        load_questions(name, relative_to=tmp_path, environ={})
    assert Path(name).name in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "nul\x00byte", "a" * 5000, "~no-such-user/set", "~no-such-user"], ids=lambda name: repr(name)[:20]
)
def test_a_name_that_cannot_be_a_folder_is_an_error_of_the_user(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        load_questions(name, relative_to=tmp_path, environ={})


def test_a_home_folder_that_there_is_not_is_an_error_of_the_user(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MTBENCH_DATA"):
        original(server, tmp_path, MTBENCH_DATA="~no-such-user/data")


# --- what is known of the original ---


@pytest.fixture
def small_original(small_set: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small set in the original's place, published prompts included."""
    (small_set / "judge_prompts.jsonl").write_text(OTHER_PROMPTS, encoding="utf-8")
    identity = load_folder(small_set).identity
    monkeypatch.setattr(registry, "ORIGINAL_QUESTIONS", identity.questions)
    monkeypatch.setattr(registry, "ORIGINAL_REFERENCES", identity.references)
    monkeypatch.setattr(registry, "ORIGINAL_PROMPTS", identity.prompts)
    return small_set


def test_the_original_is_known_by_its_content(small_original: Path, tmp_path: Path) -> None:
    by_name = load_questions("mt_bench", relative_to=tmp_path, environ={"MTBENCH_DATA": str(small_original)})
    by_folder = load_questions("small_set", relative_to=tmp_path, environ={})
    assert by_name.original
    assert by_folder.original


def test_a_part_of_the_original_is_not_the_original(small_original: Path, tmp_path: Path) -> None:
    write_jsonl(small_original / "question.jsonl", QUESTIONS[:-1])
    loaded = load_questions("mt_bench", relative_to=tmp_path, environ={"MTBENCH_DATA": str(small_original)})
    assert not loaded.original
    assert loaded.notes == ()


def test_the_wrong_published_references_are_said_once(small_original: Path, tmp_path: Path) -> None:
    (note,) = load_questions("small_set", relative_to=tmp_path, environ={}).notes
    assert "13 of the 30" in note
    assert "104 105 109 111 113 114 120 122 124 125 126 128 130" in note
    assert "references:" in note


def test_other_references_are_not_called_wrong(small_original: Path, tmp_path: Path) -> None:
    corrected = [{"question_id": row["question_id"], "choices": [{"turns": ["a", "b"]}]} for row in REFERENCES]
    write_jsonl(tmp_path / "corrected.jsonl", corrected)
    loaded = load_questions("small_set", relative_to=tmp_path, references=tmp_path / "corrected.jsonl", environ={})
    (note,) = loaded.notes
    assert note == "judged with other references than the published ones: scores do not compare with published ones"
    assert not loaded.original


def test_another_set_is_not_the_original(small_set: Path, tmp_path: Path) -> None:
    loaded = load_questions("small_set", relative_to=tmp_path, environ={})
    assert not loaded.original
    assert loaded.prompts == load_prompts(OWN_PROMPTS)
