"""The references of the coding questions in other languages than Python: each block is run or parsed."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from .house import asked, code, reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program}")


def run(command: Sequence[str | Path], stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- 341: a form in HTML and CSS

Attributes = dict[str, str | None]
VOID = ("meta", "input", "br", "hr", "img", "link")


class Page(HTMLParser):
    """A page whose tags must be closed in order; its elements and the text in each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[tuple[int, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((len(self.elements) - 1, data.strip()))

    def all(self, *tags: str) -> list[Attributes]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    def text_of(self, name: str) -> str:
        """The text that stands directly in the element of that id."""
        (number,) = [n for n, (_, attributes) in enumerate(self.elements) if attributes.get("id") == name]
        return " ".join(text for at, text in self.texts if at == number)


@pytest.mark.parametrize("turn", [1, 2])
def test_341_form(turn: int) -> None:
    html = code(reference(341, turn), "html")
    page = Page(html)
    fields = page.all("input", "select")
    assert [field.get("type", "text") for field in fields] == ["text", "email", "text", "checkbox"]
    assert len(page.all("select")) == len(page.all("form")) == 1
    assert len(page.all("option")) > 3
    labelled = [label.get("for") for label in page.all("label")]
    assert sorted(map(str, labelled)) == sorted(str(field["id"]) for field in fields), "each field has its label"
    assert page.all("script") == []
    media = html.partition("@media (min-width: 700px)")[2]
    assert "grid-template-columns: 1fr 1fr" in media
    assert "grid-template-columns" not in html.partition("@media")[0], "one column otherwise"
    assert any(meta.get("name") == "viewport" for meta in page.all("meta")), "else a phone takes itself for wide"


def test_341_error_in_words() -> None:
    page = Page(code(reference(341, 2), "html"))
    (wrong,) = [field for field in page.all("input", "select") if field.get("aria-invalid") == "true"]
    assert wrong["type"] == "email"
    assert "not complete" in page.text_of(str(wrong["aria-describedby"]))


# ---- 342: JavaScript

LOADING = """
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function watched(urls, limit) {
  let flying = 0, most = 0, started = [];
  const get = async (url) => {
    most = Math.max(most, ++flying);
    started.push(url);
    await sleep(url % 7 + 1);
    flying--;
    if (limit !== undefined && url % 5 === 0) throw `no ${url}`;
    return `got ${url}`;
  };
  const loaded = await loadAll(urls, get, limit);
  const expected = limit === undefined ? urls.map((url) => `got ${url}`)
    : await Promise.allSettled(urls.map(async (url) => { if (url % 5 === 0) throw `no ${url}`; return `got ${url}`; }));
  return { same: JSON.stringify(loaded) === JSON.stringify(expected), most, started };
}
"""


@needs("node")
def test_342_load_all() -> None:
    urls = random.Random(342).sample(range(1, 100), 24)
    asks = f"watched({urls}).then((found) => console.log(JSON.stringify(found)))"
    found = json.loads(run(["node", "-"], code(reference(342, 1), "js") + LOADING + asks))
    assert found == {"same": True, "most": 24, "started": urls}


@needs("node")
def test_342_at_most_so_many_at_once() -> None:
    urls, limits = random.Random(3422).sample(range(1, 100), 24), [1, 3, 24, 50]
    asks = f"Promise.all({limits}.map((limit) => watched({urls}, limit)).concat([watched([], 3)]))"
    script = code(reference(342, 2), "js") + LOADING + asks + ".then((found) => console.log(JSON.stringify(found)))"
    *found, none = json.loads(run(["node", "-"], script))
    assert found == [{"same": True, "most": min(limit, 24), "started": urls} for limit in limits]
    assert none == {"same": True, "most": 0, "started": []}


@needs("node")
def test_342_no_place_stays_empty() -> None:
    """While one request hangs, the other worker does all the rest."""
    asks = """
    let release, done = 0;
    const get = (url) => url === 0 ? new Promise((go) => { release = go; }) : sleep(1).then(() => ++done);
    const loaded = loadAll([0, 1, 2, 3, 4, 5], get, 2);
    const wait = async () => { while (done < 5) await sleep(1); release("last"); console.log((await loaded).length); };
    wait();"""
    assert run(["node", "-"], code(reference(342, 2), "js") + LOADING + asks) == "6\n"


# ---- 343: C++

MAIN = r"""
#include <cstdio>
#include <cstring>

int main() {
    char word[32];
    std::vector<int> v;
    std::map<std::string, int> counts;
    for (int value; std::scanf("%31s %d", word, &value) == 2;) {
        if (std::strcmp(word, "end") != 0) {
            v.push_back(value);
            counts[word] = value;
            continue;
        }
        remove_even(v);
        drop_unused(counts);
        for (int x : v) std::printf("%d ", x);
        std::printf("|");
        for (const auto& entry : counts) std::printf(" %s=%d", entry.first.c_str(), entry.second);
        std::printf("\n");
        v.clear();
        counts.clear();
    }
}
"""


@needs("g++")
@pytest.mark.slow
def test_343_erasing(tmp_path: Path) -> None:
    source = tmp_path / "erasing.cpp"
    source.write_text(code(reference(343, 1), "cpp") + code(reference(343, 2), "cpp") + MAIN, encoding="utf-8")
    program = tmp_path / "erasing"
    run(["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-D_GLIBCXX_DEBUG", source, "-o", program])
    rng, given, expected = random.Random(343), [], []
    for _ in range(300):
        entries = [(rng.choice("abcdefgh"), rng.randint(0, 3)) for _ in range(rng.randint(0, 8))]
        given += [*entries, ("end", 0)]
        odd = "".join(f"{value} " for _, value in entries if value % 2)
        used = "".join(f" {key}={value}" for key, value in sorted(dict(entries).items()) if value)
        expected.append(f"{odd}|{used}")
    assert run([program], "".join(f"{key} {value}\n" for key, value in given)).splitlines() == expected


# ---- 344: shell

FILES = ("a b.jpeg", "plain.jpeg", "both.jpeg", "both.jpg", "-n.jpeg", "Loud.JPEG", "x.Jpeg", "note.txt", "jpeg")
DEEPER = ("sub dir/c.jpeg", "sub dir/deep/two  spaces.JpEg", "sub dir/deep/line\nend.jpeg", "sub dir/keep.png")
KEPT = {"both.jpeg", "both.jpg", "note.txt", "jpeg", "sub dir/keep.png"}


def album(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def kept(folder: Path) -> dict[str, str]:
    """Every file below a folder and what it holds: the name that it had at first."""
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}


@needs("bash")
def test_344_rename_in_a_folder(tmp_path: Path) -> None:
    script = "cd " + f"'{tmp_path}' && " + code(reference(344, 1), "bash")
    run(["bash", "-c", script])
    album(tmp_path, FILES)
    run(["bash", "-c", script])
    renamed = {name.replace(".jpeg", ".jpg"): name for name in FILES if name.endswith(".jpeg") and name not in KEPT}
    others = {name: name for name in FILES if not name.endswith(".jpeg") or name in KEPT}
    assert kept(tmp_path) == renamed | others


@needs("bash")
def test_344_script_for_all_subfolders(tmp_path: Path) -> None:
    script, folder = tmp_path / "tojpg.sh", tmp_path / "my album"
    script.write_text(code(reference(344, 2), "bash"), encoding="utf-8")
    album(folder, [*FILES, *DEEPER])
    said = run(["bash", script, folder])
    assert kept(folder) == {name: name for name in [*FILES, *DEEPER]}, "it only prints"
    assert said.count("would rename: ") == len(FILES) + len(DEEPER) - len(KEPT)
    run(["bash", script, folder, "--go"])
    names = {(name if name in KEPT else name.rpartition(".")[0] + ".jpg"): name for name in [*FILES, *DEEPER]}
    assert kept(folder) == names


# ---- 346: SQL


def shop(rng: random.Random) -> tuple[sqlite3.Connection, list[tuple[int, str, str]], list[tuple[int, int, int, bool]]]:
    """A database with customers (id, name, country) and orders (customer, total and whether it is paid)."""
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT)")
    conn.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, total INTEGER, paid_at TEXT)")
    names = rng.choices(["Abla", "Bo", "Chen", "Dina", "Efe", "Fumi"], k=rng.randint(0, 8))
    customers = [(n, name, rng.choice(["Chile", "Ghana", "Japan"])) for n, name in enumerate(names)]
    orders = [(n, rng.randrange(len(names)), rng.randint(1, 3), rng.random() < 0.6) for n in range(len(names) * 2)]
    conn.executemany("INSERT INTO customers VALUES (?, ?, ?)", customers)
    conn.executemany(
        "INSERT INTO orders VALUES (?, ?, ?, ?)",
        [(n, who, total, "2031-05-04" if paid else None) for n, who, total, paid in orders],
    )
    conn.execute("INSERT INTO orders VALUES (99, NULL, 5, NULL)")  # of a guest
    return conn, customers, orders


def test_346_customers() -> None:
    rng = random.Random(346)
    for _ in range(300):
        conn, customers, orders = shop(rng)
        ordered = {who for _, who, _, _ in orders}
        idle = [(name, country) for number, name, country in customers if number not in ordered]
        found = conn.execute(code(reference(346, 1), "sql")).fetchall()
        assert sorted(found) == sorted(idle)
        assert [name for name, _ in found] == sorted(name for name, _ in idle)

        paid = {
            number: sum(t for _, who, t, is_paid in orders if who == number and is_paid) for number, _, _ in customers
        }
        best = [
            (country, name, paid[number])
            for number, name, country in customers
            if paid[number] and paid[number] == max(paid[n] for n, _, where in customers if where == country)
        ]
        assert conn.execute(code(reference(346, 2), "sql")).fetchall() == sorted(best)
        conn.close()


# ---- 348: Rust

TRIED = r"""
fn main() {
    let mut words: Vec<String> = ["ab", "kiwi", "a", "plum"].map(String::from).to_vec();
    assert_eq!(longest(&words), Some(1));
    append_longest(&mut words);
    assert_eq!(words[4..], ["longest:", "PLUM"]);
    assert_eq!(longest(&[]), None);
    assert_eq!(longest(&["".to_string(), "".to_string()]), Some(0));
    println!("fine");
}
"""


@needs("rustc")
@pytest.mark.slow
def test_348_borrowing(tmp_path: Path) -> None:
    source, program = tmp_path / "words.rs", tmp_path / "words"
    source.write_text(code(reference(348, 1), "rust") + code(reference(348, 2), "rust") + TRIED, encoding="utf-8")
    run(["rustc", "--edition=2021", "-D", "warnings", source, "-o", program])
    assert run([program]) == "fine\n"

    refused = tmp_path / "refused.rs"
    refused.write_text(code(asked(348, 1), "rust") + "fn main() {}", encoding="utf-8")
    done = subprocess.run(
        ["rustc", "--emit=metadata", "-o", program, refused], capture_output=True, text=True, timeout=60
    )
    assert "error[E0502]" in done.stderr, "the compiler says what the reference says"
