from __future__ import annotations

import contextlib
import json
import pickle
import sqlite3
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import diskcache
import pytest

from pytest_mtbench.domain import chat
from pytest_mtbench.domain.chat import ChatReply, ChatRequest, Message, Usage
from pytest_mtbench.domain.errors import ConfigError
from pytest_mtbench.engine.cache import CLAIM_SECONDS, ReplyCache
from pytest_mtbench.engine.store import TextDisk, open_store

Open = Callable[[], ReplyCache]

SLOT = "answer:1:1:0"
STEP = "answer:1:1:"
REPLY = ChatReply("forty-two", "stop", "model-2026", Usage(12, 3), 1234.5, ("max_tokens",))


def said(text: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": text},)


def request(**changes: Any) -> ChatRequest:
    fields: dict[str, Any] = {
        "endpoint": "https://example.test/v1",
        "model": "model",
        "messages": said("What is 6 times 7?"),
        "temperature": 0.0,
        "max_tokens": 1024,
    }
    return ChatRequest(**fields | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def opened(folder: Path, notes: list[str]) -> Iterator[Open]:
    """Opens the folder as often as it is called, each time as another run would."""
    caches: list[ReplyCache] = []

    def open_cache() -> ReplyCache:
        caches.append(ReplyCache(folder, notes.append))
        return caches[-1]

    yield open_cache
    for cache in caches:
        cache.close()


@pytest.fixture
def stored(opened: Open) -> ChatRequest:
    """A folder that holds one reply, closed, and the request for it."""
    cache = opened()
    cache.put(request(), REPLY, SLOT, STEP)
    cache.close()
    return request()


def sql(folder: Path, *statements: str | tuple[str, tuple[object, ...]]) -> list[tuple[Any, ...]]:
    """Runs statements on the file as a stranger with a SQLite shell would; the rows of the last."""
    with contextlib.closing(sqlite3.connect(folder / "cache.db")) as connection:
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            rows = connection.execute(*((statement,) if isinstance(statement, str) else statement)).fetchall()
        connection.commit()
        return rows


def rewrite(folder: Path, asked: ChatRequest, **columns: object) -> None:
    """Changes columns of the row that holds the reply to a request."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    sql(folder, (f"UPDATE Cache SET {assignments} WHERE key = ?", (*columns.values(), asked.key)))


def row_of(asked: ChatRequest, reply: object = None) -> str:
    return json.dumps({"request": asked.identity, "reply": REPLY.as_json() if reply is None else reply})


class Bomb:
    """Pickled, it creates a file as soon as it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.target), "w")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "the-pickle-was-loaded"


@pytest.fixture
def bomb(target: Path) -> bytes:
    """A pickle that creates `target`; it is tried once, so that a test which finds no file proves something."""
    data = pickle.dumps(Bomb(target))
    pickle.loads(data).close()
    assert target.exists()
    target.unlink()
    return data


# -- keys


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://example.test/v2"},
        {"model": "model-b"},
        {"messages": said("What is 6 times 8?")},
        {"messages": ({"role": "system", "content": "Be brief."}, *said("What is 6 times 7?"))},
        {"messages": ({"role": "system", "content": "What is 6 times 7?"},)},
        {"temperature": 0.1},
        {"temperature": None},
        {"max_tokens": 1025},
        {"sample": 1},
        {"revision": "2026-11"},
        {"extra_body": {"top_k": 1}},
    ],
    ids=lambda change: "-".join(change),
)
def test_everything_that_is_asked_changes_the_key(change: dict[str, Any]) -> None:
    assert request(**change).key != request().key


def test_the_key_is_a_sha256_that_does_not_depend_on_the_order_of_a_mapping() -> None:
    one = request(extra_body={"a": 1, "b": {"c": 2, "d": 3}}).key
    other = request(extra_body={"b": {"d": 3, "c": 2}, "a": 1}).key
    assert one == other
    assert len(one) == 64
    assert set(one) <= set("0123456789abcdef")


def test_the_schema_version_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = request().key
    monkeypatch.setattr(chat, "KEY_SCHEMA", chat.KEY_SCHEMA + 1)
    assert request().key != before


# -- what goes in comes out


@pytest.mark.parametrize(
    "text",
    ["", "plain", "nul \0 and \x1b[31mred", "lone \ud800 surrogate", "\u202e\u2028 emoji \U0001f600", "x" * 300_000],
    ids=["empty", "plain", "control", "surrogate", "unicode", "long"],
)
def test_a_reply_survives_the_file_unchanged(opened: Open, text: str, notes: list[str]) -> None:
    reply = ChatReply(text, "length", "served", Usage(1, 2), 3.5, ("max_tokens", "temperature"))
    asked = request(messages=said(f"about {text}"))
    first = opened()
    assert first.get(asked) is None
    first.put(asked, reply, SLOT, STEP)
    first.close()
    assert opened().get(asked) == reply
    assert notes == []


def test_a_later_reply_replaces_an_earlier_one(opened: Open, stored: ChatRequest) -> None:
    opened().put(stored, ChatReply("another"), SLOT, STEP)
    found = opened().get(stored)
    assert found is not None
    assert found.text == "another"


@pytest.mark.parametrize(
    "extra_body",
    [{"logit_bias": {50256: -100}}, {"logit_bias": {50256: -100, "198": 1}}, {"top_p": 1.0, "stop": ["\n"]}],
    ids=["int-keys", "mixed-keys", "plain"],
)
def test_a_request_with_values_that_json_spells_otherwise_is_found_again(
    opened: Open, notes: list[str], extra_body: dict[str, Any]
) -> None:
    cache = opened()
    cache.put(request(extra_body=extra_body), REPLY, SLOT, STEP)
    assert cache.get(request(extra_body=extra_body)) == REPLY
    assert notes == []


@pytest.mark.parametrize("said", ["soon", "nan", "inf", "-3", "1e9", "0.000", "", b"2.5", 2.5, None])
def test_seconds_that_no_reply_took_are_no_hint_and_no_warning(
    opened: Open, folder: Path, notes: list[str], said: object
) -> None:
    cache = opened()
    cache.put(request(), replace(REPLY, seconds=2.5), SLOT, STEP)
    cache.put(request(sample=1), replace(REPLY, seconds=1.5), SLOT, "answer:3:1:")
    assert cache.seconds([STEP, "answer:2:1:", "answer:3:1:"]) == {STEP: 2.5, "answer:3:1:": 1.5}
    cache.close()
    sql(folder, ("UPDATE Cache SET value = ? WHERE key = ?", (said, f"seconds:{STEP}")))
    assert opened().seconds([STEP, "answer:3:1:"]) == {"answer:3:1:": 1.5}
    assert notes == []


def test_rows_are_json_text_in_the_database_and_nowhere_else(opened: Open, folder: Path) -> None:
    cache = opened()
    cache.put(request(), ChatReply("x" * 100_000), SLOT, STEP)
    cache.claim(request(sample=1))
    cache.close()
    rows = sql(folder, "SELECT key, raw, mode, filename, typeof(value), value FROM Cache")
    assert len(rows) == 4
    for key, raw, mode, filename, kind, value in rows:
        assert (raw, mode, filename, kind) == (1, 1, None, "text")
        if key == request().key:
            assert json.loads(value)["reply"]["text"] == "x" * 100_000
    assert {path.name for path in folder.iterdir()} <= {
        ".gitignore", "CACHEDIR.TAG", "cache.db", "cache.db-wal", "cache.db-shm",
    }  # fmt: skip


def test_nothing_that_was_paid_for_is_evicted(opened: Open, folder: Path) -> None:
    opened().put(request(), REPLY, SLOT, STEP)
    settings = dict(sql(folder, "SELECT key, value FROM Settings"))
    assert settings["eviction_policy"] == "none"
    assert settings["cull_limit"] == 0
    assert sql(folder, "SELECT expire_time FROM Cache") == [(None,)] * 3


@pytest.mark.parametrize("value", [b"bytes", 5, None, {"a": 1}, object()], ids=lambda value: type(value).__name__)
def test_the_store_takes_only_text(tmp_path: Path, value: object) -> None:
    with contextlib.closing(open_store(tmp_path)) as store:
        with pytest.raises(TypeError, match="text"):
            store.set("key", value)
        with pytest.raises(TypeError, match="text"):
            store.set(value, "value")
        assert len(store) == 0


def test_the_folder_keeps_itself_out_of_git_and_of_backups(opened: Open, folder: Path) -> None:
    opened()
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_a_gitignore_of_the_users_is_left_alone(opened: Open, folder: Path) -> None:
    folder.mkdir()
    (folder / ".gitignore").write_text("mine\n")
    opened()
    assert (folder / ".gitignore").read_text() == "mine\n"


def test_a_folder_that_cannot_be_one_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        ReplyCache(tmp_path / "file" / "cache", print)
    assert str(tmp_path / "file" / "cache") in str(caught.value)
    assert "--mtbench-cache-dir" in str(caught.value)


def test_a_folder_whose_name_diskcache_would_change_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTBENCH_ELSEWHERE", str(tmp_path / "elsewhere"))
    folder = tmp_path / "$MTBENCH_ELSEWHERE"
    with pytest.raises(ConfigError, match="--mtbench-cache-dir"):
        ReplyCache(folder, print)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_with_a_reply_is_not_empty_and_one_without_is(opened: Open) -> None:
    cache = opened()
    assert cache.is_empty()
    cache.put(request(), REPLY, SLOT, STEP)
    assert not cache.is_empty()


def test_a_foreign_row_does_not_hide_that_there_are_replies(opened: Open, stored: ChatRequest, folder: Path) -> None:
    opened().put(request(sample=1), REPLY, SLOT, STEP)
    sql(folder, ("UPDATE Cache SET raw = 0 WHERE key = ?", (stored.key,)))
    assert not opened().is_empty()


def test_a_claim_that_a_killed_run_left_is_not_a_reply(opened: Open) -> None:
    killed = opened()
    assert killed.claim(request())
    assert opened().is_empty()


# -- hostile rows


def _touch_everything(cache: ReplyCache, asked: ChatRequest) -> None:
    """Every way in which a run reads or writes a row."""
    cache.is_empty()
    cache.get(asked)
    cache.explain_miss(asked, SLOT)
    cache.explain_miss(request(sample=9), SLOT)
    cache.claim(asked)
    cache.renew([asked])
    cache.release(asked)
    cache.put(asked, REPLY, SLOT, STEP)
    cache.get(asked)


@pytest.mark.parametrize("which", ["reply", "slot", "claim", "all"])
@pytest.mark.parametrize("place", ["value", "file", "key"])
def test_a_pickle_is_never_loaded(
    opened: Open, stored: ChatRequest, folder: Path, bomb: bytes, target: Path, which: str, place: str
) -> None:
    before = opened()
    before.claim(stored)
    before.close()
    (folder / "bomb.val").write_bytes(bomb)
    pattern = {"reply": stored.key, "slot": "slot:%", "claim": "claim:%", "all": "%"}[which]
    if place == "value":
        sql(folder, ("UPDATE Cache SET mode = 4, value = ? WHERE key LIKE ?", (bomb, pattern)))
    elif place == "file":
        sql(folder, ("UPDATE Cache SET mode = 4, value = NULL, filename = 'bomb.val' WHERE key LIKE ?", (pattern,)))
    else:
        sql(folder, ("INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 4, ?)", (bomb, bomb)))
        sql(folder, ("UPDATE Cache SET raw = 0 WHERE key LIKE ?", (pattern,)))
    cache = opened()
    _touch_everything(cache, stored)
    assert not target.exists()
    assert cache.get(stored) == REPLY  # the run went on and stored what it asked for


def test_a_row_that_says_it_is_a_pickle_is_a_miss_with_a_warning(
    opened: Open, stored: ChatRequest, folder: Path, bomb: bytes, notes: list[str]
) -> None:
    rewrite(folder, stored, mode=4, value=bomb)
    assert opened().get(stored) is None
    assert len(notes) == 1
    assert "warning" in notes[0]


@pytest.mark.parametrize("mode", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["inside.val", "../outside.val", "absolute"])
def test_a_file_that_a_row_names_is_neither_read_nor_deleted(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], mode: int, name: str
) -> None:
    named = folder.parent / "absolute.val" if name == "absolute" else folder / name
    named.write_text(row_of(stored))  # were it read, it would be a hit
    rewrite(folder, stored, mode=mode, value=None, filename=str(named) if name == "absolute" else name)
    cache = opened()
    assert cache.get(stored) is None
    assert len(notes) == 1
    cache.put(stored, REPLY, SLOT, STEP)
    assert cache.get(stored) == REPLY
    assert named.read_text() == row_of(stored)


def test_a_text_row_with_a_file_beside_it_is_not_ours(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str]
) -> None:
    rewrite(folder, stored, filename="some.val")
    assert opened().get(stored) is None
    assert "warning" in notes[0]


@pytest.mark.parametrize(
    "mode, value",
    [(1, b"bytes"), (1, 5), (1, 2.5), (1, None), (0, "text"), (2, b"bytes"), (3, "text"), (4, "text"), (99, None)],
)
def test_a_row_of_another_kind_is_a_miss_with_a_warning(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], mode: int, value: object
) -> None:
    rewrite(folder, stored, mode=mode, value=value)
    cache = opened()
    assert cache.get(stored) is None
    assert len(notes) == 1
    assert notes[0].startswith("warning: ")
    cache.put(stored, REPLY, SLOT, STEP)
    assert cache.get(stored) == REPLY


def test_a_key_that_is_a_pickle_is_not_loaded_even_by_listing_the_keys(
    stored: ChatRequest, folder: Path, bomb: bytes, target: Path
) -> None:
    sql(folder, ("INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 1, 'text')", (bomb,)))
    with contextlib.closing(open_store(folder)) as store:
        assert "foreign:" in list(store)
        store.peekitem()
    assert not target.exists()


@pytest.mark.parametrize("mode", [0, 2, 3, 4])
def test_the_disk_refuses_every_mode_but_text(tmp_path: Path, mode: int) -> None:
    disk = TextDisk(str(tmp_path))
    with pytest.raises(ValueError, match="foreign"):
        disk.fetch(mode, None, "text", False)
    assert disk.fetch(1, None, "text", False) == "text"


STRANGE_REPLIES: dict[str, object] = {
    "empty": {},
    "list": [],
    "text": "text",
    "number": 5,
    "text-only": {"text": "only"},
    "null-text": REPLY.as_json() | {"text": None},
    "list-text": REPLY.as_json() | {"text": ["a"]},
    "null-usage": REPLY.as_json() | {"usage": None},
    "words-as-tokens": REPLY.as_json() | {"usage": {"input_tokens": "many"}},
    "infinite-tokens": REPLY.as_json() | {"usage": {"input_tokens": float("inf")}},
    "nan-tokens": REPLY.as_json() | {"usage": {"input_tokens": float("nan")}},
    "strange-usage": REPLY.as_json() | {"usage": {"strange": 1}},
    "created-words": REPLY.as_json() | {"created": "yesterday"},
    "created-list": REPLY.as_json() | {"created": [1]},
    "created-past-all-floats": REPLY.as_json() | {"created": 10**400},
    "adapted-number": REPLY.as_json() | {"adapted": 5},
}


@pytest.mark.parametrize("reply", STRANGE_REPLIES.values(), ids=STRANGE_REPLIES)
def test_a_reply_of_another_shape_is_a_miss_with_a_warning(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], reply: object
) -> None:
    rewrite(folder, stored, value=json.dumps({"request": stored.identity, "reply": reply}))
    assert opened().get(stored) is None
    assert len(notes) == 1
    assert stored.key[:12] in notes[0]


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "5", '"text"', "{}", '{"request": 1}', "[" * 100_000, "9" * 10_000, "nul\0", "\ufeff{}"],
    ids=lambda text: repr(text[:12]),
)
def test_a_row_that_does_not_parse_is_a_miss_with_a_warning(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], text: str
) -> None:
    rewrite(folder, stored, value=text)
    cache = opened()
    assert cache.get(stored) is None
    assert len(notes) == 1
    assert "warning" in notes[0]
    assert cache.explain_miss(request(sample=7), SLOT)


def test_text_that_is_no_utf8_is_a_miss_with_a_warning(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str]
) -> None:
    sql(folder, ("UPDATE Cache SET value = CAST(x'7bff7d' AS TEXT) WHERE key = ?", (stored.key,)))
    cache = opened()
    assert cache.get(stored) is None
    assert "warning" in notes[0]
    cache.put(stored, REPLY, SLOT, STEP)
    assert cache.get(stored) == REPLY


@pytest.mark.parametrize(
    "change",
    [{"messages": said("Another question")}, {"model": "cheaper"}, {"temperature": 1.0}, {"sample": 1}],
    ids=str,
)
def test_a_row_that_holds_another_request_is_a_miss_with_a_warning(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], change: dict[str, Any]
) -> None:
    rewrite(folder, stored, value=row_of(request(**change)))
    assert opened().get(stored) is None
    assert "another request" in notes[0]


# -- hostile and damaged files


def _goes_on(cache: ReplyCache) -> None:
    """A run that keeps replies, whatever stood in the folder before."""
    asked = request(revision="after the damage")
    assert cache.get(asked) is None
    cache.is_empty()
    assert cache.claim(asked)
    cache.put(asked, REPLY, SLOT, STEP)
    assert cache.get(asked) == REPLY


def _aside(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if "damaged" in path.name]


def _set_aside_and_named(folder: Path, notes: list[str]) -> None:
    (aside,) = _aside(folder)
    assert any(str(aside) in note and "damaged" in note for note in notes)


@pytest.mark.parametrize(
    "content", [b"not a database " * 1000, b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 5000], ids=len
)
def test_a_garbage_file_is_set_aside_and_named(opened: Open, folder: Path, notes: list[str], content: bytes) -> None:
    folder.mkdir()
    (folder / "cache.db").write_bytes(content)
    _goes_on(opened())
    _set_aside_and_named(folder, notes)
    assert _aside(folder)[0].read_bytes() == content


@pytest.mark.parametrize("kept", [16, 100, 1000, 4096, 5000, 8192, 12288, 20480])
def test_a_truncated_file_never_ends_the_run(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], kept: int
) -> None:
    whole = (folder / "cache.db").read_bytes()
    assert len(whole) > kept
    (folder / "cache.db").write_bytes(whole[:kept])
    cache = opened()
    assert cache.get(stored) in (None, REPLY)
    _goes_on(cache)
    _set_aside_and_named(folder, notes)


def test_an_empty_file_is_a_new_cache(opened: Open, folder: Path, notes: list[str]) -> None:
    folder.mkdir()
    (folder / "cache.db").write_bytes(b"")
    _goes_on(opened())
    assert notes == []


@pytest.mark.parametrize("table", ["Cache", "Cache_key_raw"])
def test_damage_that_only_a_read_meets_is_set_aside_then(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], table: str
) -> None:
    ((page,),) = sql(folder, ("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)))
    ((size,),) = sql(folder, "PRAGMA page_size")
    with (folder / "cache.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    cache = opened()
    assert cache.get(stored) is None
    _goes_on(cache)
    _set_aside_and_named(folder, notes)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_garbage_beside_the_file_does_not_end_the_run(
    opened: Open, stored: ChatRequest, folder: Path, suffix: str
) -> None:
    (folder / f"cache.db{suffix}").write_bytes(b"\xa5" * 40_000)
    _goes_on(opened())


@pytest.mark.parametrize(
    "name", ["_disk", "directory", "_directory", "disk_evil", "sqlite_temp_store_directory", "sqlite_", "get", "", 5]
)
def test_a_setting_that_diskcache_does_not_know_means_a_foreign_file(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], name: object
) -> None:
    sql(folder, ("INSERT INTO Settings VALUES (?, 'x')", (name,)))
    cache = opened()
    assert cache.get(stored) is None
    _goes_on(cache)
    _set_aside_and_named(folder, notes)


def test_a_foreign_setting_is_found_however_the_table_spells_its_name(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str]
) -> None:
    sql(
        folder,
        "ALTER TABLE Settings RENAME TO other",
        "ALTER TABLE other RENAME TO settings",
        "INSERT INTO settings VALUES ('_disk', 'x')",
    )
    _goes_on(opened())
    _set_aside_and_named(folder, notes)


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE VIEW Settings AS SELECT 'directory' AS key, '/' AS value",),
        ("CREATE VIEW settings AS SELECT 'directory' AS key, '/' AS value",),
        ("CREATE VIEW Cache AS SELECT 1 AS key, 1 AS raw",),
        ("CREATE TABLE Settings (a, b)",),
        ("CREATE TABLE Cache (a, b)",),
        ("CREATE TABLE Settings (key, value)", "INSERT INTO Settings VALUES ('sqlite_journal_mode', 'wal x y')"),
        ("CREATE TABLE Settings (key, value)", "INSERT INTO Settings VALUES (x'00', 1)"),
    ],
    ids=["view", "small-view", "cache-view", "columns", "cache-columns", "pragma", "blob"],
)
def test_a_database_of_another_make_is_set_aside_and_named(
    opened: Open, folder: Path, notes: list[str], statements: tuple[str, ...]
) -> None:
    folder.mkdir()
    sql(folder, *statements)
    _goes_on(opened())
    _set_aside_and_named(folder, notes)


@pytest.mark.parametrize("count", ["many", None, -1, 0.5, b"x"], ids=str)
def test_a_false_number_of_rows_does_not_end_the_run(
    opened: Open, stored: ChatRequest, folder: Path, count: object
) -> None:
    sql(folder, ("UPDATE Settings SET value = ? WHERE key = 'count'", (count,)))
    cache = opened()
    assert not cache.is_empty() or cache.get(stored) is None
    _goes_on(cache)


def test_a_trigger_in_the_file_cannot_end_the_run(opened: Open, stored: ChatRequest, folder: Path) -> None:
    sql(folder, "CREATE TRIGGER t BEFORE INSERT ON Cache BEGIN SELECT RAISE(ABORT, 'no'); END")
    cache = opened()
    cache.put(request(sample=1), REPLY, SLOT, STEP)  # the file is found damaged here
    _goes_on(cache)


def test_a_trigger_that_calls_itself_one_of_sqlites_own_is_found(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str]
) -> None:
    with contextlib.closing(sqlite3.connect(folder / "cache.db")) as connection:
        connection.execute("CREATE TRIGGER u AFTER INSERT ON Cache BEGIN SELECT 1; END")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET name = 'sqlite_u', sql = replace(sql, ' u ', ' sqlite_u ') WHERE name = 'u'"
        )
        connection.commit()
    assert opened().get(stored) is None
    assert any("set aside" in note for note in notes)


@pytest.mark.parametrize("ends", ["x", b"x", "NULL"], ids=repr)
def test_a_claim_of_another_type_holds_up_nobody(opened: Open, folder: Path, ends: object) -> None:
    wanted = request()
    opened().close()
    with contextlib.closing(sqlite3.connect(folder / "cache.db")) as connection:
        connection.execute(
            "INSERT INTO Cache (key, raw, mode, value, expire_time, store_time) VALUES (?, 1, 1, 'other', ?, 0)",
            (f"claim:{wanted.key}", ends),
        )
        connection.commit()
    assert opened().claim(wanted)


def test_a_lock_that_is_held_for_good_is_said_once_and_the_run_goes_on(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = opened()
    assert cache.get(stored) is not None
    cache._store.close()
    cache._store._store = diskcache.Cache(str(folder), disk=TextDisk, timeout=0.05)
    with contextlib.closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            cache.put(stored, ChatReply("late"), "slot", STEP)
        other.execute("ROLLBACK")
    assert [note for note in notes if "not used any more" in note] == notes
    assert len(notes) == 1
    assert cache.get(stored) is None


@pytest.mark.parametrize("created", [float("inf"), -1.0, 1e300])
def test_an_age_that_no_clock_showed_is_a_miss(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], created: float
) -> None:
    with contextlib.closing(sqlite3.connect(folder / "cache.db")) as connection:
        (row,) = connection.execute("SELECT value FROM Cache WHERE key = ?", (stored.key,)).fetchone()
        changed = json.loads(row)
        changed["reply"]["created"] = created
        connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (json.dumps(changed), stored.key))
        connection.commit()
    assert opened().get(stored) is None
    assert len(notes) == 1


def test_a_reply_from_before_the_clock_was_set_back_is_kept_and_has_no_age(
    opened: Open, folder: Path, notes: list[str]
) -> None:
    cache = opened()
    cache.put(request(), replace(REPLY, created=time.time() + 7 * 86400), SLOT, STEP)
    assert cache.get(request()) == replace(REPLY, created=0.0)
    assert notes == []


def test_a_claim_from_before_the_clock_was_set_back_holds_up_nobody(opened: Open, folder: Path) -> None:
    one, other = opened(), opened()
    assert one.claim(request())
    expire_claims(folder, time.time() + 7 * 86400)
    assert other.claim(request())


def test_a_full_disk_is_said_once_and_the_run_goes_on_without_the_cache(
    opened: Open, stored: ChatRequest, notes: list[str]
) -> None:
    cache = opened()
    cache._store._store._sql("PRAGMA max_page_count = 1")  # it stays as large as it is
    for sample in range(1, 5):
        cache.put(request(sample=sample), replace(REPLY, text="x" * 100_000), SLOT, STEP)
        assert cache.claim(request(sample=sample))
    assert cache.get(request(sample=1)) is None
    (note,) = notes
    assert note.startswith("warning: the cache is not used any more: its disk is full (database or disk is full); ")
    assert opened().get(stored) == REPLY


@pytest.mark.parametrize("name", ["t", "sqlitex"])
def test_a_trigger_is_found_before_it_changes_a_row(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], name: str
) -> None:
    sql(folder, f"CREATE TRIGGER {name} AFTER INSERT ON Cache BEGIN UPDATE Cache SET value = '[[10]]'; END")
    _goes_on(opened())
    _set_aside_and_named(folder, notes)


@pytest.mark.parametrize("protocol", [4, 6])
def test_a_cache_made_by_a_python_with_another_pickle_protocol_is_not_foreign(
    opened: Open, stored: ChatRequest, folder: Path, notes: list[str], protocol: int
) -> None:
    sql(folder, ("UPDATE Settings SET value = ? WHERE key = 'disk_pickle_protocol'", (protocol,)))
    assert opened().get(stored) == REPLY
    assert notes == []


def test_a_folder_in_the_place_of_the_file_is_set_aside(opened: Open, folder: Path, notes: list[str]) -> None:
    (folder / "cache.db").mkdir(parents=True)
    _goes_on(opened())
    _set_aside_and_named(folder, notes)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
@pytest.mark.parametrize("name", [".gitignore", "CACHEDIR.TAG", "cache.db"])
def test_a_link_in_the_folder_leads_nobody_out_of_it(folder: Path, tmp_path: Path, name: str) -> None:
    folder.mkdir()
    (folder / name).symlink_to(tmp_path / "outside")
    with contextlib.suppress(ConfigError):
        cache = ReplyCache(folder, lambda note: None)
        cache.put(request(), REPLY, SLOT, STEP)
        cache.close()
    assert not (tmp_path / "outside").exists()


def hot_journal(names: Path) -> bytes:
    """A rollback journal whose last record names a file that SQLite deletes once it has rolled back.

    https://www.sqlite.org/fileformat2.html#the_rollback_journal and the super-journals of `ATTACH`.
    """
    magic = bytes.fromhex("d9d505f920a163d7")
    name = str(names).encode()
    header = magic + struct.pack(">IIIII", 0, 0, 1, 512, 4096)
    lock_page = 0x40000000 // 4096 + 1
    return (
        header.ljust(512, b"\0")
        + struct.pack(">I", lock_page)
        + name
        + struct.pack(">II", len(name), sum(name))
        + magic
    )


def test_a_journal_in_the_folder_deletes_no_file(
    opened: Open, stored: ChatRequest, folder: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("keep me")
    (folder / "cache.db-journal").write_bytes(hot_journal(precious))
    _goes_on(opened())
    assert precious.exists()


# -- two runs on one folder


def expire_claims(folder: Path, at: float | None) -> None:
    sql(folder, ("UPDATE Cache SET expire_time = ? WHERE key LIKE 'claim:%'", (at,)))


def claim_ends(folder: Path) -> float:
    ((at,),) = sql(folder, "SELECT expire_time FROM Cache WHERE key LIKE 'claim:%'")
    assert isinstance(at, float)
    return at


def test_one_run_at_a_time_may_ask(opened: Open) -> None:
    one, other = opened(), opened()
    assert one.claim(request())
    assert not other.claim(request())
    assert other.claim(request(sample=1))
    one.release(request())
    assert other.claim(request())
    assert not one.claim(request())


def test_what_one_run_stores_another_reads_at_once(opened: Open) -> None:
    one, other = opened(), opened()
    assert one.claim(request())
    assert other.get(request()) is None
    one.put(request(), REPLY, SLOT, STEP)
    assert other.get(request()) == REPLY


def test_a_stored_reply_gives_its_claim_back(opened: Open, folder: Path) -> None:
    one, other = opened(), opened()
    one.claim(request())
    one.put(request(), REPLY, SLOT, STEP)
    assert sql(folder, "SELECT * FROM Cache WHERE key LIKE 'claim:%'") == []
    assert other.claim(request())


def test_closing_gives_claims_back(opened: Open) -> None:
    one = opened()
    one.claim(request())
    one.claim(request(sample=1))
    one.close(release=[request()])
    other = opened()
    assert other.claim(request())
    assert not other.claim(request(sample=1))


def test_the_claim_of_a_killed_run_ends_by_itself(opened: Open, folder: Path) -> None:
    killed = opened()
    before = time.time()
    assert killed.claim(request())
    assert before < claim_ends(folder) <= time.time() + CLAIM_SECONDS
    expire_claims(folder, time.time() - 1)
    assert opened().claim(request())


def test_a_renewed_claim_lasts_longer(opened: Open, folder: Path) -> None:
    one = opened()
    one.claim(request())
    expire_claims(folder, time.time() + 1)
    one.renew([request(), request(sample=5)])
    assert claim_ends(folder) > time.time() + CLAIM_SECONDS - 1
    assert opened().claim(request(sample=5)), "renewing makes no claim"


@pytest.mark.parametrize("at", [None, 1e18], ids=["never", "in-ages"])
def test_a_claim_that_outlasts_every_run_holds_up_none(opened: Open, folder: Path, at: float | None) -> None:
    opened().claim(request())
    expire_claims(folder, at)
    assert opened().claim(request())


def test_a_run_that_was_late_does_not_give_back_another_runs_claim(opened: Open, folder: Path) -> None:
    late, other, third = opened(), opened(), opened()
    assert late.claim(request())
    expire_claims(folder, time.time() - 1)
    assert other.claim(request())
    late.release(request())
    assert not third.claim(request())


_RUN = """
import json, random, sys
from pathlib import Path
from pytest_mtbench.engine.cache import ReplyCache
from pytest_mtbench.domain.chat import ChatReply, ChatRequest

folder, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
notes = []
cache = ReplyCache(folder, notes.append)
wanted = list(range(count))
random.Random(seed).shuffle(wanted)
print("ready", flush=True)
sys.stdin.readline()
asked = []
for n in wanted:
    request = ChatRequest("http://example.test", "m", ({"role": "user", "content": f"question {n}"},), 0.0, 10)
    while cache.get(request) is None:
        if cache.claim(request):
            if cache.get(request) is None:
                asked.append(n)
                cache.put(request, ChatReply(f"answer {n}"), f"slot {n}", "step")
            cache.release(request)
cache.close()
print(json.dumps({"asked": asked, "notes": notes}))
"""


def test_two_processes_ask_each_request_once(folder: Path, opened: Open) -> None:
    count = 150
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _RUN, str(folder), str(seed), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in (1, 2)
    ]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    told = [json.loads(run.communicate(timeout=30)[0]) for run in runs]
    assert sorted(told[0]["asked"] + told[1]["asked"]) == list(range(count))
    assert told[0]["notes"] == told[1]["notes"] == []
    cache = opened()
    for n in range(count):
        found = cache.get(ChatRequest("http://example.test", "m", said(f"question {n}"), 0.0, 10))
        assert found is not None
        assert found.text == f"answer {n}"


# -- why there is no reply


@pytest.mark.parametrize(
    "change, words",
    [
        ({"endpoint": "https://other.test/v1"}, ["endpoint", "https://example.test/v1", "https://other.test/v1"]),
        ({"model": "model-b"}, ["model", "'model'", "'model-b'"]),
        ({"messages": said("Something else")}, ["messages"]),
        ({"temperature": 0.7}, ["temperature", "0.0", "0.7"]),
        ({"max_tokens": 99}, ["max_tokens", "1024", "99"]),
        ({"sample": 3}, ["sample", "0", "3"]),
        ({"revision": "2026-11"}, ["revision", "2026-11"]),
        ({"extra_body": {"top_k": 4}}, ["extra_body", "top_k"]),
        ({"model": "model-b", "max_tokens": 99}, ["model-b", "max_tokens"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_miss_says_which_part_of_the_key_changed(
    opened: Open, stored: ChatRequest, change: dict[str, Any], words: list[str]
) -> None:
    why = opened().explain_miss(request(**change), SLOT)
    assert all(word in why for word in words)
    unchanged = set(stored.identity) - set(change)
    assert not any(f"{name}:" in why for name in unchanged)


def test_a_miss_where_nothing_was_stored_says_so(opened: Open, stored: ChatRequest) -> None:
    assert opened().explain_miss(request(sample=1), "answer:other:1:0") == "nothing was stored for it"


@pytest.mark.parametrize(
    "value",
    ["", "no such key", "\ud800".encode("utf-16", "surrogatepass"), 5, None],
    ids=["empty", "gone", "blob", "int", "null"],
)
def test_a_miss_is_explained_in_spite_of_a_foreign_slot(
    opened: Open, stored: ChatRequest, folder: Path, value: object
) -> None:
    sql(folder, ("UPDATE Cache SET value = ? WHERE key = ?", (value, f"slot:{SLOT}")))
    assert opened().explain_miss(request(sample=1), SLOT) == "nothing was stored for it"


@pytest.mark.parametrize("text", ['{"request": []}', '{"request": "x"}', '{"request": {"model": {}}}', "[]", "{"])
def test_a_miss_is_explained_in_spite_of_a_foreign_row(
    opened: Open, stored: ChatRequest, folder: Path, text: str
) -> None:
    rewrite(folder, stored, value=text)
    assert opened().explain_miss(request(sample=1), SLOT)
