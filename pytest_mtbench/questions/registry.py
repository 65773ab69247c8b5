"""The named question sets, and the verified download of the original."""

from __future__ import annotations

import dataclasses
import difflib
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ..domain.errors import ConfigError
from ..domain.question import QuestionSet
from .loading import load_folder

NAMES = ("mt_bench", "house")

HOUSE = Path(__file__).parent / "house"
"""The package's own set, with the package's own judge prompts."""

COMMIT = "0e6d3e4beaab66f4d3f93db72541a4abab8af28d"
BASE_URL = f"https://raw.githubusercontent.com/lm-sys/FastChat/{COMMIT}/fastchat/llm_judge/data/"
FILES = {
    "mt_bench/question.jsonl": "119565adbab82227089cefdb44c8d7e2cf04dc0a0ec233634c82e7d4e2a944f7",
    "judge_prompts.jsonl": "fd283293406d024f44c174b094ef48031d0687a4682fd3a56b29b138f80281b6",
    "mt_bench/reference_answer/gpt-4.jsonl": "f957a5bc977badb66885ec970e6cd08527845780313f0995764260e5777b9b3f",
}
"""Path in the repository -> SHA-256 of the file."""

ORIGINAL_QUESTIONS = "4af9b1b03730d49f63e4b37db82f64ee9fb6f2a3f2c34544d7a465af4eadc5db"
"""The identity of the original's 80 questions, as `load_folder` hashes them."""
ORIGINAL_PROMPTS = "03f3288b54a93131039a987cb8b2bc724c260b43b5ace8f02b5be6681b96b087"
ORIGINAL_REFERENCES = "ad016b4ca7413d5c6867f64706b420a8a17204e0b1e211b75f9c5ef1486fcf7e"

# FastChat pull request 3158 lists them with the right answers.
WRONG_REFERENCES = (104, 105, 109, 111, 113, 114, 120, 122, 124, 125, 126, 128, 130)


def load_questions(
    name: str,
    *,
    relative_to: Path,
    references: Path | None = None,
    judge: str = "",
    reference_categories: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    base_url: str = BASE_URL,
    offline: bool = False,
) -> QuestionSet:
    """Loads a named set or a folder.

    Args:
        name: `mt_bench`, `house`, or a folder in FastChat's layout.
        relative_to: the folder that a relative path starts from.
        references: another file of reference answers.
        judge: of several files of reference answers that of this model is taken.
        reference_categories: those that are judged with references, where they are not the original's.
        environ: `MTBENCH_DATA` names a folder that holds the original.
        base_url: where the original is downloaded from.
        offline: download nothing and make no folder.

    Raises:
        ConfigError: unknown name, missing or malformed file, failed or unverified download.
    """
    load = partial(load_folder, references=references, judge=judge, reference_categories=reference_categories)
    if name == "mt_bench":
        return _mark_original(load(_original(environ, base_url, offline=offline), name="mt_bench"))
    if name == "house":
        return load(HOUSE, name="house")
    folder = _folder(name, relative_to, f"question set {name[:80]!r}")
    if not folder.is_dir() and len(Path(name).parts) == 1:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the named sets are {', '.join(NAMES)}"
        raise ConfigError(f"question set {name!r}: neither a named set nor a folder; {hint}")
    return _mark_original(load(folder, name=name))


def _original(environ: Mapping[str, str], base_url: str, *, offline: bool) -> Path:
    """The folder of the original."""
    own = environ.get("MTBENCH_DATA")
    if not own:
        if offline and not (_home() / "mt_bench" / "question.jsonl").exists():
            raise ConfigError("question set 'mt_bench': not downloaded yet")
        return download(base_url)
    folder = _folder(own, Path(), "MTBENCH_DATA")
    if not folder.is_dir():
        raise ConfigError(f"MTBENCH_DATA: {own}: no such folder")
    # A FastChat checkout keeps the prompts beside the folder of the set; it may be named by either.
    if not (folder / "question.jsonl").exists() and (folder / "mt_bench" / "question.jsonl").exists():
        folder = folder / "mt_bench"
    return folder


def _folder(name: str, relative_to: Path, what: str) -> Path:
    """The folder of that name; `~` is the user's home."""
    try:
        folder = relative_to / Path(name).expanduser()
        folder.is_dir()  # raises for what no file system takes, as a name that is too long
    except (RuntimeError, OSError, ValueError) as error:
        raise ConfigError(f"{what}: not the name of a folder ({error})") from error
    return folder


def _mark_original(questions: QuestionSet) -> QuestionSet:
    if questions.identity.questions != ORIGINAL_QUESTIONS:
        return questions
    notes, identity = questions.notes, questions.identity
    if identity.references == ORIGINAL_REFERENCES:
        wrong = " ".join(str(number) for number in WRONG_REFERENCES)
        wrong_ones = f"13 of the 30 published reference answers are wrong in a turn ({wrong})"
        notes = (*notes, f"{wrong_ones}; `references:` in the suite file takes another file")
    used = (("prompts", identity.prompts, ORIGINAL_PROMPTS), ("references", identity.references, ORIGINAL_REFERENCES))
    others = [what for what, ours, published in used if ours != published]
    notes += tuple(
        f"judged with other {what} than the published ones: scores do not compare with published ones"
        for what in others
    )
    return dataclasses.replace(questions, original=not others, notes=notes)


def _home() -> Path:
    import platformdirs  # here: only the original's use needs it

    return Path(platformdirs.user_cache_dir("pytest-mtbench")) / COMMIT[:12]


def download(base_url: str = BASE_URL, folder: Path | None = None) -> Path:
    """The folder of the original, downloaded and verified on first use.

    Raises:
        ConfigError: the network is out of reach or a file is not what it should be.
    """
    import pooch  # here: only the original's use needs it

    target = (folder or _home()) / "mt_bench"
    pooch.get_logger().setLevel("WARNING")
    for path, sha256 in FILES.items():
        name = path.removeprefix("mt_bench/")
        try:
            target.mkdir(parents=True, exist_ok=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pooch.retrieve(
                    base_url + path,
                    known_hash=f"sha256:{sha256}",
                    path=(target / name).parent,
                    fname=Path(name).name,
                    downloader=pooch.HTTPDownloader(timeout=30, stream=False),
                )
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash is a ValueError
            raise ConfigError(_download_failed(path, base_url, error)) from error
    return target


def _download_failed(path: str, base_url: str, error: Exception) -> str:
    if isinstance(error, ValueError) and "hash" in str(error).lower():
        why = "what arrived is not the published file (its SHA-256 differs); nothing was kept"
    elif isinstance(error, OSError) and error.errno is not None and error.filename:
        why = f"the cache folder cannot be used ({error.strerror}: {error.filename})"
    else:
        status = getattr(getattr(error, "response", None), "status_code", None)
        why = f"the download failed ({f'HTTP {status}' if status else type(error).__name__})"
    return (
        f"question set 'mt_bench': {base_url}{path}: {why}.\n"
        "Without a network: set MTBENCH_DATA to a folder with question.jsonl, judge_prompts.jsonl and "
        "reference_answer/gpt-4.jsonl, or name such a folder with --mtbench-questions=DIR."
    )
