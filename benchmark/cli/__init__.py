"""The command ``embedmark``: finds the subcommand, and turns errors into one line and a code."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("benchmark.cli.run", "evaluate models on tasks"),
    "tasks": ("benchmark.cli.tasks", "list, show, check and make tasks"),
    "models": ("benchmark.cli.models", "list kinds of model; show and check one"),
    "results": ("benchmark.cli.results", "list and show results"),
    "compare": ("benchmark.cli.compare", "compare models on the same examples"),
    "cache": ("benchmark.cli.cache", "show, bound and check the cache of vectors"),
    "downsample": ("benchmark.cli.downsample", "choose fewer tasks, and predict the rest"),
    "leaderboard": ("benchmark.cli.leaderboard", "build and check leaderboards"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0 fine, 1 something failed, 2 usage, 130 interrupted.

    Only the chosen command's module is imported: ``--help`` costs argparse and nothing else.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:  # a process of its own
        _collect_seldom()
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        print("embedmark: interrupted; everything complete is saved", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of stdout went away (embedmark ... | head); nothing is wrong with the run.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from benchmark.errors import BenchmarkError

        if not isinstance(error, BenchmarkError):
            raise
        print(f"embedmark: error: {error}", file=sys.stderr)
        return error.exit_code


def _collect_seldom() -> None:
    """Have the garbage collector look through what was imported less often, and not at the end.

    scikit-learn alone makes 200,000 objects, none of them garbage: half a second of its use.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        _top_parser().parse_args(arguments)
        _top_parser().print_help()
        return 0
    name, *rest = arguments
    if name not in COMMANDS:
        from benchmark.errors import UsageError, nearest

        raise UsageError(f"unknown command '{name}'{nearest(name, COMMANDS)}")
    import argparse

    module_name, summary = COMMANDS[name]
    module: Any = importlib.import_module(module_name)
    parser = argparse.ArgumentParser(
        prog=f"embedmark {name}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=getattr(module, "EXAMPLES", None),
    )
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(rest))
    return code


def _top_parser() -> Any:
    import argparse

    from benchmark._version import __version__

    lines = "\n".join(f"  {name:<12} {summary}" for name, (_, summary) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="embedmark",
        usage="embedmark COMMAND [...]",
        description="Evaluate text-embedding models on any task that a file describes.",
        epilog=f"commands:\n{lines}\n\n'embedmark run' alone evaluates the embedded model on the "
        "starter suite;\n'embedmark COMMAND --help' explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"embedmark {__version__}")
    return parser
