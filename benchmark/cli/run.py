"""``embedmark run``: evaluate models on tasks and print the table."""

from __future__ import annotations

import os
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cli.budget import budget_asked
from benchmark.cli.cache import add_size
from benchmark.cli.filters import add_bundle, add_filters, apply_filters, choices_named
from benchmark.cli.predicted import minis_asked, predictions, print_predictions
from benchmark.cli.sweep import add_sweeps, print_sweep, save_plot, sweep_asked, told_of
from benchmark.cli.whole import print_wholes, wholes

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.downsample.mini import Mini

DEFAULT_MODELS = ("wordllama", "tfidf", "random")
EXAMPLES = """examples:
  embedmark run                                  the embedded model on the starter suite
  embedmark run st:org/model -t my_task.toml     a model of yours on a task of yours
  embedmark run ./checkpoint --data ./my_docs    your own data, with no task file
  embedmark run ./checkpoint --bundle tasks.zip  what 'tasks bundle' packed, with no network
  embedmark run wordllama bm25 --kind retrieval --plan
  embedmark run 'hybrid:(bm25)+(wordllama)' --kind retrieval
  embedmark run wordllama --budget 10min         the most telling tasks that fit
  embedmark run wordllama --dim 64,128,256 --dtype float32,int8,binary --kind retrieval
"""


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help=f"scheme:target[@revision][?option=value]; default: {' '.join(DEFAULT_MODELS)}",
    )
    add_filters(parser)
    add_bundle(parser)
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="evaluate on this data, with no task file"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("results"), help="where results go (results)"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where encoded vectors are kept")
    parser.add_argument("--no-cache", action="store_true", help="keep no encoded vectors")
    add_size(parser)
    parser.add_argument(
        "--limit", type=_positive, metavar="N", help="N examples a task, in a tree of their own"
    )
    parser.add_argument(
        "--keep-texts", action="store_true", help="keep texts beside scores, for 'results samples'"
    )
    parser.add_argument("--fresh", action="store_true", help="measure again, reuse no result")
    parser.add_argument("--plan", action="store_true", help="show what would run, and run nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    parser.add_argument("--batch-size", type=_positive, metavar="N", help="texts the model takes")
    parser.add_argument(
        "--prompt",
        metavar="TEXT",
        help="what every model puts before a text; a .toml or .json file names it by role or kind",
    )
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, mps, or several: cuda:0,cuda:1"
    )
    parser.add_argument(
        "--workers", type=_positive, default=1, metavar="N", help="processes that encode (1)"
    )
    parser.add_argument(
        "--trust", action="store_true", help="let tasks and models run code of their own"
    )
    parser.add_argument("--yes", action="store_true", help="send texts to endpoints unasked")
    parser.add_argument(
        "--price", type=_amount, metavar="P", help="what an endpoint takes for a million tokens"
    )
    parser.add_argument(
        "--max-cost", type=_amount, metavar="P", help="stop before endpoints cost more; all is kept"
    )
    parser.add_argument(
        "--budget",
        metavar="B",
        help="of each model: 90s, 10min, 2h; 5%% of the characters; 2usd. The most telling tasks "
        "run that fit",
    )
    add_sweeps(parser)


def run(args: Namespace) -> int:
    """Run, print, and return 1 when a row failed."""
    # Arrow's own allocator keeps what is freed: a sixth more memory, and no faster here. Arrow asks
    # once, when it is imported.
    begun = time.perf_counter()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    choices = _choices(args)
    minis, small = _tell_of_others(args, choices)
    models = _beside(args.models or list(DEFAULT_MODELS), choices, args)
    if args.prompt is not None:
        from benchmark.models.uri import with_option

        models = [with_option(model, "prompt", args.prompt) for model in models]
    sweep = sweep_asked(args)
    budget = budget_asked(args, sweep)
    if args.plan and budget is None:
        from benchmark.cli.plan import print_plan

        return print_plan(models, choices, args, begun)
    if args.max_cost is not None and args.no_cache:
        from benchmark.errors import UsageError

        raise UsageError("--max-cost keeps what was paid for in the cache; drop --no-cache")
    from benchmark.cache import default_folder
    from benchmark.cache.upkeep import USUAL_SIZE
    from benchmark.cli.consent import TerminalConsent
    from benchmark.cli.progress import TerminalListener
    from benchmark.cli.summary import print_summary
    from benchmark.models.http.spending import Spending
    from benchmark.models.table import Settings
    from benchmark.run import RunSettings
    from benchmark.run import run as run_models
    from benchmark.sending import agree

    settings = RunSettings(
        output=args.output,
        cache=None if args.no_cache else args.cache or default_folder(),
        cache_size=USUAL_SIZE if args.cache_size is None else args.cache_size,
        limit=args.limit,
        fresh=args.fresh,
        keep_texts=args.keep_texts,
        model=Settings(
            args.batch_size,
            args.device,
            args.trust,
            args.price,
            Spending(args.max_cost),
            TerminalConsent(args.yes),
            args.workers,
        ),
    )
    if budget is not None:
        from benchmark.cli.budget import run_within

        return run_within(models, choices, minis, settings, budget, args)
    agree(models, choices, settings)
    with TerminalListener() as listener:
        if sweep is not None:
            from benchmark.sweep import run_sweep

            results = run_sweep(models, choices, settings, sweep, listener)
        else:
            results = run_models(models, choices, settings, listener)
    plot = save_plot(results, args) if sweep is not None else None
    if args.json:
        from benchmark.cli.output import print_json

        swept = {} if plot is None else {"sweep": told_of(results, plot)}
        lacks = {"left_out": list(results.left_out)} if results.left_out else {}
        told = {"predicted": predictions(minis, results)} if minis else {}
        if whole := wholes(small, results):
            told["whole"] = whole
        print_json({"results": results.to_dicts(), **swept, **lacks, **told})
    elif plot is not None:
        print_sweep(results, plot)
    else:
        print_summary(results, settings)
        print_predictions(predictions(minis, results))
        print_wholes(wholes(small, results))
    for error in dict.fromkeys(row.error for row in results.failed):  # data fail for every model
        print(f"failed: {error}", file=sys.stderr)
    if results.failed:
        print(
            f"{len(results.failed)} of {len(results)} failed; all others are saved in "
            f"{settings.output}",
            file=sys.stderr,
        )
    for message in results.left_out:
        print(f"failed: {message}", file=sys.stderr)
    return 1 if results.failed or results.left_out else 0


def _tell_of_others(args: Namespace, choices: list[Choice]) -> tuple[list[Mini], list[Choice]]:
    """The smaller suites and smaller tasks asked for, whose scores tell of whole ones.

    None of them do where tasks may run on some of their data only, which is said.
    """
    minis = minis_asked(args.task, choices)
    small = [choice for choice in choices if choice.task.keep]
    narrowed = args.limit is not None or args.split or args.subset or args.language
    if not narrowed or not (minis or small):
        return minis, small
    print(
        "note: nothing is told of whole tasks or suites, since --limit, --split, --subset or "
        "--language measures parts of these",
        file=sys.stderr,
    )
    return [], []


def _choices(args: Namespace) -> list[Choice]:
    from benchmark.catalog import Choice, checked, load_kind

    _refuse_models(args.task)
    if args.data is None:
        return apply_filters(choices_named(args, args.task, trust=args.trust), args)
    from benchmark.data.new_task import task_of_folder
    from benchmark.errors import UsageError

    if args.task or args.bundle:
        other = "-t" if args.task else "--bundle"
        raise UsageError(f"--data and {other} exclude each other; give one of them")
    kind = args.kind[0] if len(args.kind) == 1 else None
    task, seen = task_of_folder(args.data, kind, load_kind)
    print(f"note: {seen}", file=sys.stderr)
    return apply_filters([checked(Choice(task))], args)


def _beside(models: list[str], choices: list[Choice], args: Namespace) -> list[str]:
    """The models, and bm25 where all tasks are made of documents: what words alone find there."""
    from importlib.util import find_spec

    made = {choice.task.name for choice in choices if choice.task.source.origin == "documents"}
    if not made or len(made) < len(choices) or "bm25" in [m.partition("?")[0] for m in models]:
        return models
    if sweep_asked(args) is not None or find_spec("bm25s") is None:
        print(
            "note: queries made of the documents share words with them; compare with bm25, which "
            "ranks by words alone (a run of its own; pip install 'embedmark[bm25]')",
            file=sys.stderr,
        )
        return models
    print(
        "note: bm25 runs too, since queries made of the documents share words with them: a model "
        "should find more than words do",
        file=sys.stderr,
    )
    return [*models, "bm25"]


def _refuse_models(names: list[str]) -> None:
    """``-t`` takes all the names that follow it, so a model written there is told where to go."""
    from benchmark.catalog import task_files
    from benchmark.errors import UsageError
    from benchmark.models.table import SCHEMES

    for name in names:
        scheme, _, target = name.partition("?")[0].partition(":")
        if scheme == "mteb" and not re.fullmatch(r"[\w.-]+/[\w.@-]+", target):
            continue  # a task or benchmark of mteb, whose models are org/model
        if (scheme in SCHEMES or name.endswith(".py")) and name not in task_files():
            raise UsageError(f"'{name}' after -t is a model, not a task; put models before -t")


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"'{text}' is no number from 0")
    return value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is no whole number from 1")
    return int(text)
