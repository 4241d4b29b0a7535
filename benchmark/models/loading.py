"""Loading weights: what is wrong with a folder, a name or a file is said in one line."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmark.errors import BenchmarkError, MissingExtraError, ModelError, UsageError
from benchmark.models.identity import hub_folder, read_json
from benchmark.models.missing import UNUSED, random_weights, refuse_random
from benchmark.models.table import Settings

_CUT_SHORT = ("SafetensorError", "UnpicklingError", "EOFError", "InvalidProtobuf", "BadZipFile")
_CUT_SHORT_WORDS = ("PytorchStreamReader", "incomplete metadata", "Error while deserializing")
BATCH_SIZE = 32  # sentence-transformers' own default
_ON_CPU, _ELSEWHERE = 1024, 16_384
_NO_BOUND = 1 << 60


def check_target(uri: str, target: str, files: tuple[str, ...]) -> None:
    """Refuse what is no model: an empty name, an absent path, a folder without any of ``files``."""
    scheme = uri.partition(":")[0]
    if not target:
        raise UsageError(
            f"model '{scheme}:' needs a name or folder, for example {scheme}:org/model"
        )
    path = Path(target)
    if path.is_file():
        raise UsageError(f"model '{uri}' is a file; name the folder that holds the model")
    if path.is_dir():
        if not any((path / name).is_file() for name in files):
            raise ModelError(
                f"model '{uri}': the folder holds no {' or '.join(files)}, so it is no model; "
                "name the folder that save_pretrained wrote"
            )
    elif target.startswith((".", "/", "~")) or target.count("/") > 1:
        raise UsageError(f"model '{uri}': no such folder; check the path")


def needed(package: str, extra: str, uri: str) -> Any:
    """Import a package; MissingExtraError with the exact pip line when it is not installed."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] != package.partition(".")[0]:
            raise MissingExtraError(error.name, extra, f"the model '{uri}'") from None
        name = package.replace("_", "-")
        raise MissingExtraError(name, extra, f"the model '{uri}'") from None


def guarded(
    uri: str,
    target: str,
    revision: str | None,
    load: Callable[[], Any],
    *,
    unused: Collection[str] = UNUSED,
) -> Any:
    """Run a loader quietly; a foreign error becomes one line that says what to do now.

    Weights that the files lack, but for the ``unused`` parts, are an error too.
    """
    try:
        with without_bar(), random_weights() as names:
            loaded = load()
        refuse_random(uri, names, unused)
        return loaded
    except (BenchmarkError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 -- hub, disk and torch raise what they like
        raise ModelError(_explained(uri, target, revision, error)) from None


def _explained(uri: str, target: str, revision: str | None, error: Exception) -> str:
    kind, reason = type(error).__name__, " ".join(str(error).split())
    if "trust_remote_code" in reason:
        return f"model '{uri}' runs code of its own; read it, then run with --trust" + _pins(
            target, revision
        )
    if kind in _CUT_SHORT or any(words in reason for words in _CUT_SHORT_WORDS):
        return (
            f"model '{uri}': its weights are cut short or damaged ({kind}); "
            "copy or download them again"
        )
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"model '{uri}' needs the package '{error.name}'; run: pip install {error.name}"
    return (
        f"model '{uri}' does not load ({kind}: {reason[:200]}); "
        "check the name, the folder and the network"
    )


def _pins(target: str, revision: str | None) -> str:
    """The end of a refusal: the commit that would be trusted, and no later one."""
    if Path(target).is_dir():
        return " (its code lies in the folder)"
    folder = hub_folder(target, revision or "main")
    commit = folder.name if folder else revision
    return f", which pins commit {commit}" if commit else ""


def trusted(uri: str, target: str, revision: str | None, settings: Settings) -> dict[str, Any]:
    """The arguments that let a model run its own code, at one commit only; none without trust.

    Code that lies in another repository than the model is pinned by ``code_revision``.
    """
    if not settings.trust:
        return {"trust_remote_code": False, "revision": revision}
    folder, commit = Path(target), None
    if not folder.is_dir():
        folder = _fetched(uri, target, "config.json", revision)
        commit = folder.name
    pinned: dict[str, Any] = {"trust_remote_code": True, "revision": commit}
    for place in read_json(folder / "config.json").get("auto_map", {}).values():
        repository, far, path = str(place).partition("--")
        if far:
            file = f"{path.partition('.')[0]}.py"
            pinned["code_revision"] = _fetched(uri, repository, file, None).name
    return pinned


def _fetched(uri: str, repository: str, file: str, revision: str | None) -> Path:
    """The folder of the hub's cache that a file of a repository was fetched to."""
    from huggingface_hub import hf_hub_download

    path: str = guarded(
        uri,
        repository,
        revision,
        lambda: hf_hub_download(repository, file, revision=revision),
    )
    return Path(path).parent


def for_sentence_transformers(pinned: Mapping[str, Any]) -> dict[str, Any]:
    """The same arguments as sentence-transformers takes them."""
    given = dict(pinned)
    if "code_revision" in given:
        code = {"code_revision": given.pop("code_revision")}
        given |= {"model_kwargs": code, "config_kwargs": code}
    return given


def check_length(uri: str, wanted: int | None, model: Any) -> None:
    """Refuse a cut beyond the positions that a transformer has; it would fail in mid-run."""
    for module in model.modules() if wanted else ():
        positions = getattr(getattr(module, "config", None), "max_position_embeddings", None)
        if isinstance(positions, int) and wanted is not None and wanted > positions:
            raise UsageError(
                f"model '{uri}' has {positions} positions; max_tokens must be at most that, "
                f"not {wanted}"
            )


def tokens_at_once(settings: Settings, device: Any) -> int:
    """The tokens, padding counted, that a batch may hold; no bound where the user gives its texts.

    Small ones are fastest on a CPU, where what a layer gives then stays in its caches; a GPU wants
    to be filled. Measured by ``tests/speed/throughput.py``.
    """
    if settings.batch_size is not None:
        return _NO_BOUND
    return _ON_CPU if str(device).startswith("cpu") else _ELSEWHERE


def calls_at_once(device: Any) -> int:
    """How many batches a transformer takes at once: on a CPU one for each thread that torch has."""
    torch = importlib.import_module("torch")
    return int(torch.get_num_threads()) if str(device).startswith("cpu") else 1


def device_of(settings: Settings) -> str:
    """The device named, or the best that torch sees."""
    if settings.device != "auto":
        return settings.device
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def without_bar() -> Iterator[None]:
    """No progress bar of transformers' own while weights load, where stderr is no terminal.

    The hub's warnings of each repeated request are not shown either: one line says what failed.
    """
    hub = logging.getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(logging.ERROR)
    try:
        with _without_transformers_bar():
            yield
    finally:
        hub.setLevel(level)


@contextmanager
def _without_transformers_bar() -> Iterator[None]:
    try:
        transformers = importlib.import_module("transformers.utils.logging")
    except ImportError:
        yield
        return
    if sys.stderr.isatty() or not transformers.is_progress_bar_enabled():
        yield
        return
    transformers.disable_progress_bar()
    try:
        yield
    finally:
        transformers.enable_progress_bar()


def comparison(name: Any, usual: str = "cosine") -> tuple[str, tuple[str, ...]]:
    """The similarity that a model names, and a note where it is none of ours.

    >>> comparison("dot"), comparison(None)
    (('dot', ()), ('cosine', ()))
    >>> comparison("manhattan")[1]
    ('compares by manhattan, which is not applied; its texts are compared by cosine',)
    """
    wanted = str(name or usual)
    if wanted in ("cosine", "dot", "euclidean"):
        return wanted, ()
    note = f"compares by {wanted}, which is not applied; its texts are compared by {usual}"
    return usual, (note,)


def choice(*names: str) -> Callable[[str], str]:
    """A converter for an option that takes one of these names.

    >>> choice("mean", "cls")("cls")
    'cls'
    """

    def one_of(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    one_of.__name__ = " or ".join(names)
    return one_of


def yes_or_no(text: str) -> bool:
    """A converter for an option that is true or false."""
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


yes_or_no.__name__ = "true or false"


def positive(text: str) -> int:
    """A converter for a whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


positive.__name__ = "whole number from 1"


def amount(text: str) -> float:
    """A number of at least 0, such as seconds or a price; ValueError otherwise."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError
    return value


amount.__name__ = "number from 0"
