"""Sweeps: one encode for all combinations, results apart, trade-offs, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import benchmark
from benchmark.cli import main
from benchmark.errors import UsageError
from benchmark.results.tradeoff_plot import svg
from tests.test_run import Notes, go, write_pairs

MODEL = """
import numpy as np
from pathlib import Path
def encode(texts):
    with (Path(__file__).parent / "asked").open("a") as log:
        log.write("\\n".join(texts) + "\\n")
    rows = [np.random.default_rng(sum(map(ord, t))).standard_normal(16) for t in texts]
    return np.array(rows, dtype="float32")
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A model file of the user's, which writes down what it is asked."""
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return str(path)


@pytest.fixture
def search(tmp_path: Path) -> Path:
    """A small retrieval."""
    data = tmp_path / "Search_data"
    data.mkdir()
    tables: dict[str, list[dict[str, Any]]] = {
        "corpus": [{"id": f"d{n}", "text": f"document {n * n}"} for n in range(60)],
        "queries": [{"id": f"q{n}", "text": f"query {n}"} for n in range(8)],
        "qrels": [{"query-id": f"q{n}", "corpus-id": f"d{3 * n}"} for n in range(8)],
    }
    for name, rows in tables.items():
        (data / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    path = tmp_path / "Search.toml"
    path.write_text(
        'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "Search_data"\n'
    )
    return path


CODED = (
    "",
    "__dtype_binary",
    "__dtype_binary__rescore_2",
    "__dtype_int8",
    "__dtype_int8__rescore_2",
)
"""The ends of the folders of a cut, of all types and with its codes scored again."""


def asked(tmp_path: Path) -> list[str]:
    """The texts that the model was given."""
    return (tmp_path / "asked").read_text().splitlines()


@pytest.mark.parametrize("cached", [True, False])
def test_all_combinations_are_scored_from_one_encode(
    tmp_path: Path, model: str, search: Path, cached: bool
) -> None:
    """Without a cache too; each score is that of the combination alone."""
    command = ["run", model, "-t", str(search), "--dim", "4,16", "--dtype", "float32,int8,binary"]
    command += ["-o", str(tmp_path / "r"), "--json"]
    command += ["--cache", str(tmp_path / "c")] if cached else ["--no-cache"]
    assert 0 == main([*command, "--rescore", "0,2"])
    texts = asked(tmp_path)
    assert len(texts) == len(set(texts)) == 68
    files = [
        json.loads(path.read_text())["embedmark"]["model"]["slug"]
        for path in sorted((tmp_path / "r").glob("*/*/**/Search.json"))
    ]
    alone = [
        f"{model}?{slug.replace('__', '&').replace('_', '=')}" if slug else model for slug in files
    ]
    rows, _ = go(alone, [search], tmp_path / "alone")
    swept, _ = go(alone, [search], tmp_path / "r")

    assert {f"dim_{dim}{end}" for dim in (4, 16) for end in CODED} == set(files)
    assert [row.main_score for row in rows] == [row.main_score for row in swept]
    assert {row.status for row in swept} == {"reused"}


def test_the_plain_result_stays_plain(tmp_path: Path, search: Path) -> None:
    """The whole width in float32 is no experiment, whether it is swept or run."""
    output, cache = tmp_path / "r", tmp_path / "c"
    swept = benchmark.evaluate(
        "random?seed=3", str(search), output=output, cache=cache, dim=[8, 64], dtype=["float32"]
    )
    plain = benchmark.evaluate("random?seed=3", str(search), output=output, cache=cache)

    assert [row.model for row in swept] == ["random?seed=3&dim=8", "random?seed=3"]
    assert [row.status for row in plain] == ["reused"]
    assert plain.rows[0].main_score == swept.rows[1].main_score
    assert [str(point.bytes) for point in swept.points] == ["32", "256"]


def test_an_index_is_swept_beside_the_plain_result(tmp_path: Path, search: Path) -> None:
    """None overwrites another; other kinds are left out, with a note."""
    pytest.importorskip("faiss")
    pairs = write_pairs(tmp_path, "Pairs")
    output = tmp_path / "r"
    found = benchmark.evaluate(
        "random",
        [str(search), str(pairs)],
        output=output,
        cache=tmp_path / "c",
        index=["exact", "flat", "hnsw"],
        dtype=["float32", "binary"],
    )
    files = sorted(path.relative_to(output).as_posix() for path in output.rglob("Search.json"))

    assert not found.failed
    assert {row.task for row in found} == {"Search"}
    assert [path.partition("/1/")[2] for path in files] == [
        "Search.json",
        "experiments/dtype_binary/Search.json",
        "experiments/dtype_binary__index_flat/Search.json",
        "experiments/dtype_binary__index_hnsw/Search.json",
        "experiments/index_flat/Search.json",
        "experiments/index_hnsw/Search.json",
    ]
    scores = {row.model: row.main_score for row in found}
    assert scores["random"] == pytest.approx(scores["random?index=flat"])
    digests = {
        json.loads((output / file).read_text())["embedmark"]["task_digest"] for file in files
    }
    assert len(digests) == 1


def test_other_models_go_on(tmp_path: Path, model: str) -> None:
    """A model without vectors, one whose option is swept, too many dimensions: a line each."""
    pytest.importorskip("bm25s")
    task = write_pairs(tmp_path, "Pairs")
    models = ["bm25", "random?dtype=int8", "constant", "random", "tfidf", "nosuch", model]
    found = benchmark.evaluate(models, str(task), cache=tmp_path, dim=[4, 65], dtype=["float32"])
    errors = {row.model: row.error for row in found.failed}

    assert "gives no dense vectors of single texts to derive from" in str(errors.pop("bm25"))
    assert "gives no dense vectors of single texts to derive from" in str(errors.pop("tfidf"))
    assert "no scheme, file or folder of that name" in str(errors.pop("nosuch"))
    assert "has 64 dimensions; dim must be at most that, not 65" in str(errors.pop("random?dim=65"))
    assert "has its dtype= already" in str(errors.pop("random?dtype=int8"))
    assert "has 64 dimensions" in str(errors.pop("constant?dim=65"))
    assert "has 16 dimensions" in str(errors.pop(f"{model}?dim=65"))
    assert errors == {}
    assert ["constant?dim=4", "random?dim=4", f"{model}?dim=4"] == [
        row.model for row in found if row.status == "measured"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": ["int9"]}, "dtype: unknown 'int9'; did you mean 'int8'?"),
        ({"index": ["hsnw"]}, "index: unknown 'hsnw'; did you mean 'hnsw'?"),
        ({"dim": [8, 8]}, "dim: 8 stands twice; name it once"),
        ({"dim": [0]}, "dim: '0' is no whole number from 1"),
        ({"layer": [-1]}, "layer: '-1' is no whole number from 0"),
        ({"rescore": [4]}, "rescore: needs a dtype of int8, uint8 or binary"),
        ({"dtype": "int8"}, "dtype: give a list of values, not 'int8'"),
        ({"index": ["flat"]}, "none of these tasks searches a corpus"),
    ],
)
def test_a_wrong_sweep_is_one_line(tmp_path: Path, options: Any, message: str) -> None:
    """Nothing is run."""
    task = write_pairs(tmp_path, "Pairs")
    with pytest.raises(UsageError) as caught:
        benchmark.evaluate("random", str(task), cache=tmp_path / "c", **options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dim", "4,x"], "'4,x' is no list of whole numbers such as 64,128,256"),
        (["--dtype", "int9"], "--dtype: unknown 'int9'; did you mean 'int8'?"),
        (["--plot", "p.svg"], "--plot draws a sweep"),
    ],
)
def test_a_wrong_option_of_the_command(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Usage, exit code 2."""
    task = write_pairs(tmp_path, "Pairs")
    with pytest.raises(SystemExit) as left:
        raise SystemExit(main(["run", "random", "-t", str(task), *arguments]))

    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_a_model_in_memory_is_asked_once(search: Path, tmp_path: Path) -> None:
    """Nothing tells whether it is still the same, so the cache cannot hold its vectors."""
    import numpy as np

    seen: list[str] = []

    def encode(texts: list[str]) -> Any:
        seen.extend(texts)
        return np.array([[len(t), t.count("1"), t.count("4"), 1] for t in texts], dtype="float32")

    found = benchmark.evaluate(
        encode, str(search), cache=tmp_path / "c", dim=[1, 2, 4], dtype=["float32", "binary"]
    )

    assert len(seen) == len(set(seen)) == 68
    assert [point.bytes for point in found.points] == [4, 1, 8, 1, 16, 1]


def test_the_command_prints_saves_and_draws(
    tmp_path: Path, search: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a combination, the best marked; the same as JSON; a plot without markup of texts."""
    command = ["run", "random", "-t", str(search), "-o", str(tmp_path / "r"), "--no-cache"]
    command += ["--dim", "8,64", "--dtype", "float32,binary", "--plot", str(tmp_path / "p.svg")]
    assert 0 == main(command)
    table = capsys.readouterr().out
    assert 0 == main([*command, "--json"])
    told = json.loads(capsys.readouterr().out)["sweep"]
    plot = (tmp_path / "p.svg").read_text()

    assert table.splitlines()[0].split()[:4] == ["dim", "dtype", "bytes", "score"]
    assert len([line for line in table.splitlines() if line.strip().startswith(("8 ", "64 "))]) == 4
    assert [point["bytes"] for point in told["points"]] == [32, 1, 256, 8]
    assert told["plot"] == str(tmp_path / "p.svg")
    assert any("bytes" in point["best"] for point in told["points"])
    assert plot.startswith("<svg")
    assert plot.count("<circle") == 2 * 4 + 1


def test_findings_are_told_once(tmp_path: Path, search: Path) -> None:
    """Not once a combination."""
    from benchmark.catalog import Choice, load_task
    from benchmark.models.table import Settings
    from benchmark.run import RunSettings
    from benchmark.sweep import run_sweep, sweep_of

    with (tmp_path / "Search_data" / "queries.jsonl").open("a") as queries:
        queries.write('\n{"id": "q9", "text": "x"}')
    listener = Notes()
    settings = RunSettings(output=tmp_path / "r", cache=None, model=Settings())
    choices = [Choice(load_task(search))]
    sweep = sweep_of(dim=[4, 8], dtype=["float32", "binary"])
    run_sweep(["random"], choices, settings, sweep, listener)

    assert listener.notes
    assert len(listener.notes) == len(set(listener.notes))


def test_the_page_shows_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the times, and what is best by them."""
    pytest.importorskip("wordllama")
    page = (Path(__file__).parent.parent / "docs/sweeps.md").read_text("utf-8")
    command = page.partition("```sh\nembedmark ")[2].partition("\n")[0].split()
    shown = page.partition("```text\n")[2].partition("```")[0].splitlines()
    assert 0 == main([*command, "-o", str(tmp_path), "--no-cache"])
    printed = capsys.readouterr().out.splitlines()
    end = shown[0].index("ms a query")

    assert [line[:end].split() for line in shown[2:17]] == [
        line[:end].split() for line in printed[2:17]
    ]
    assert shown[-2] == printed[-2]
    assert shown[-2].startswith("Best for their bytes: ")


def test_a_plot_of_nothing() -> None:
    """No point at all is a plot that says so."""
    assert "no combination has both" in svg([])
