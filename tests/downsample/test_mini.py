"""The smaller suite as files, and the report of how well it tells the whole one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from benchmark.downsample.calibration import Widths, calibrate
from benchmark.downsample.methods import Problem, gaussian
from benchmark.downsample.mini import Mini, check_digests, read_mini, write_mini
from benchmark.downsample.picture import correlation_picture, scatter_picture
from benchmark.downsample.predicting import predict_one, reach
from benchmark.downsample.report import predict_models, report
from benchmark.downsample.table import ScoreTable
from benchmark.errors import TaskFileError
from benchmark.suite import SuiteTask, parse_suite
from tests.downsample.tables_help import made_table


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here does not hang on a thousand resamples."""
    monkeypatch.setattr("benchmark.downsample.report._RESAMPLES", 40)


def made_mini(table: ScoreTable, share: float = 0.4) -> Mini:
    """A choice fitted on a table."""

    def choose(some: ScoreTable) -> list[int]:
        return gaussian(Problem(some, share * some.costs.sum()))

    parts = tuple(SuiteTask(name) for name in table.tasks)
    chosen = tuple(choose(table))
    widths = calibrate(table, choose)
    return Mini("all", "A small one", parts, table, chosen, widths, "gaussian", ("each kind",))


def halves(seed: int = 0) -> tuple[ScoreTable, ScoreTable]:
    """One table to fit on, and models of half other, half the same makers."""
    table = made_table(models=120, seed=seed, families=40)
    fitted = np.arange(120) % 2 == 0
    fitted &= table.families < 30
    return table.rows(fitted), table.rows(~fitted)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """The suite, the scores to four digits, and the widths."""
    fitted, _ = halves()
    mini = replace(made_mini(fitted), quality={"mae": 0.25})
    paths = write_mini(tmp_path / "small.toml", mini)
    found = read_mini(paths[0])
    suite = parse_suite(paths[0])

    assert [mini.parts[t].name for t in mini.chosen] == list(suite.task_names)
    assert (mini.of, mini.title, mini.chosen, mini.widths) == (
        found.of,
        found.title,
        found.chosen,
        found.widths,
    )
    assert mini.quality == found.quality
    np.testing.assert_allclose(found.table.scores, mini.table.scores, atol=5e-5)
    assert mini.cost_share == pytest.approx(found.cost_share, rel=1e-12)


def test_missing_scores_are_null(tmp_path: Path) -> None:
    """NaN is no JSON."""
    mini = made_mini(made_table(models=60, holes=0.05))
    _, fit = write_mini(tmp_path / "small.toml", mini)

    assert "NaN" not in fit.read_text("utf-8")
    assert np.isnan(read_mini(tmp_path / "small.toml").table.scores).any()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda fit: fit.write_text(fit.read_text("utf-8") + " ", "utf-8"), "is not the fit that"),
        (lambda fit: fit.unlink(), "is not beside it"),
    ],
)
def test_another_fit_is_refused(tmp_path: Path, spoil: object, message: str) -> None:
    """A changed byte, or no fit at all."""
    path, fit = write_mini(tmp_path / "small.toml", made_mini(halves()[0]))
    spoil(fit)  # type: ignore[operator]

    with pytest.raises(TaskFileError, match=message):
        read_mini(path)


def test_a_fit_elsewhere_is_refused(tmp_path: Path) -> None:
    """The file that it names lies beside it, nowhere else."""
    path, _ = write_mini(tmp_path / "small.toml", made_mini(halves()[0]))
    path.write_text(path.read_text("utf-8").replace('fit = "', 'fit = "../'), "utf-8")

    with pytest.raises(TaskFileError, match="must name a file beside this one"):
        read_mini(path)


def test_a_suite_of_its_own_is_no_smaller_one(tmp_path: Path) -> None:
    """It has nothing to predict from."""
    path = tmp_path / "plain.toml"
    path.write_text('title = "x"\ntasks = ["A"]\n', "utf-8")

    with pytest.raises(TaskFileError, match=r"has no \[downsampled\] table"):
        read_mini(path)


def test_changed_task_files_are_named(tmp_path: Path) -> None:
    """With the digest that it has and the one that it was fitted on."""
    table = halves()[0]
    table = replace(table, digests=tuple(f"sha256:{n:064d}" for n in range(len(table.tasks))))
    mini = made_mini(table)
    digests = dict(zip(table.tasks, table.digests, strict=True))
    check_digests(tmp_path / "small.toml", mini, digests)

    with pytest.raises(TaskFileError, match="the task file of Task2 changed since"):
        check_digests(tmp_path / "small.toml", mini, {**digests, "Task2": "sha256:" + "f" * 64})


def test_the_report_agrees_with_scipy_and_by_hand() -> None:
    """Correlations are scipy's; error, coverage and interval score follow from the arrays."""
    fitted, others = halves()
    mini = made_mini(fitted)
    content = report(mini, others)
    found = predict_models(mini, others)
    off = np.abs(found.means - found.truth)
    missed = np.maximum(off - found.widths, 0)

    assert content["models"] == len(others.models)
    assert content["spearman"] == pytest.approx(
        spearmanr(found.means, found.truth).statistic, abs=1e-6
    )
    assert content["kendall"] == pytest.approx(
        kendalltau(found.means, found.truth).statistic, abs=1e-6
    )
    assert content["mae"] == pytest.approx(off.mean(), abs=1e-6)
    assert content["coverage90"] == pytest.approx((off <= found.widths).mean(), abs=1e-6)
    assert content["interval_score"] == pytest.approx(
        (2 * found.widths + 20 * missed).mean(), abs=1e-6
    )
    low, high = content["intervals"]["mae"]
    assert low < content["mae"] < high
    assert content["seen"]["models"] + content["new"]["models"] == content["models"]
    assert 0 < content["new"]["models"] < content["models"]
    assert 0.5 < content["self_correlation"] < 1
    json.dumps(content, allow_nan=False)


def test_models_of_the_fit_are_predicted_without_their_family() -> None:
    """A report on the fit's own models says how many, and changes when a sibling's score does."""
    fitted, _ = halves()
    mini = made_mini(fitted)
    plain = predict_models(mini, fitted)
    moved = fitted.scores.copy()
    family = fitted.families == fitted.families[0]
    rest = [t for t in range(len(fitted.tasks)) if t not in mini.chosen]
    moved[np.ix_(family, rest)] += 20
    other = predict_models(replace(mini, table=replace(fitted, scores=moved)), fitted)

    assert len(fitted.models) == report(mini, fitted)["in_the_fit"]
    np.testing.assert_allclose(other.means[family], plain.means[family], atol=1e-12)
    assert np.abs(other.means[~family] - plain.means[~family]).max() > 0.01


def test_few_models_have_no_correlation() -> None:
    """Two points always agree or disagree; none have no error either."""
    fitted, others = halves()
    mini = made_mini(fitted)
    two = report(mini, others.rows(np.arange(len(others.models)) < 2))
    none = report(mini, others.rows(np.zeros(len(others.models), bool)))

    assert two["spearman"] is None
    assert two["mae"] is not None
    assert 0 == none["models"]
    assert none["mae"] is None


def test_a_model_far_from_all_is_named_and_less_sure() -> None:
    """Its measured scores are like those of nobody."""
    fitted, others = halves()
    mini = made_mini(fitted)
    scores = others.scores.copy()
    scores[0, list(mini.chosen)] = fitted.scores[:, list(mini.chosen)].mean(axis=0)
    near = predict_one(mini, scores[0, list(mini.chosen)], others.models[0])
    signs = np.where(np.arange(len(mini.chosen)) % 2, 1, -1)
    scores[0, list(mini.chosen)] += 35 * signs
    far = predict_one(mini, scores[0, list(mini.chosen)], others.models[0])
    content = report(mini, replace(others, scores=scores))

    assert (False, True) == (near["far"], far["far"])
    assert others.models[0] in content["far"]
    assert near["distance"] < reach(mini) < far["distance"]
    width = [told["mean"]["high"] - told["mean"]["low"] for told in (near, far)]
    assert width[1] > 1.5 * width[0]


@pytest.mark.parametrize("old", ['"scores": [', '"kind"', '"widths"', '"revisions"'])
def test_a_damaged_fit_is_one_line(tmp_path: Path, old: str) -> None:
    """Also where its digest was made to match."""
    path, fit = write_mini(tmp_path / "small.toml", made_mini(halves()[0]))
    before = fit.read_bytes()
    after = before.replace(old.encode(), old.replace('"', '"x', 1).encode(), 1)
    digests = [hashlib.sha256(content).hexdigest() for content in (before, after)]
    fit.write_bytes(after)
    path.write_text(path.read_text("utf-8").replace(*digests), "utf-8")

    with pytest.raises(TaskFileError, match="is damaged"):
        read_mini(path)


def test_all_tasks_chosen_is_the_truth() -> None:
    """Nothing is predicted, so nothing is wrong, and no interval has a width."""
    fitted, others = halves()
    parts = tuple(SuiteTask(name) for name in fitted.tasks)
    mini = Mini("all", "x", parts, fitted, tuple(range(8)), Widths(0, 0, 0, 0), "gaussian")
    content = report(mini, others)

    assert (0.0, 1.0, 1.0, 0.0) == tuple(
        content[name] for name in ("mae", "spearman", "coverage90", "interval_width")
    )


def test_pictures_are_well_formed_and_escaped() -> None:
    """XML that parses, a mark a chosen task, a point a model, names as text."""
    table = replace(made_table(), tasks=("<b>&", *(f"Task{n}" for n in range(1, 8))))
    tree = ET.fromstring(correlation_picture(table, [0, 3], "A & B"))
    texts = [node.text or "" for node in tree.iter("{http://www.w3.org/2000/svg}text")]

    assert "● <b>&" in texts
    assert 2 == sum(text.startswith("● ") for text in texts if "runs" not in text)

    truth = np.linspace(40, 70, 12)
    plot = scatter_picture(truth, truth + 1, np.full(12, 2.0), truth > 60, "x")
    circles = list(ET.fromstring(plot).iter("{http://www.w3.org/2000/svg}circle"))

    assert 12 == len(circles)
