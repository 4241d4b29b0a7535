"""One BLAS thread for both sides, and docs/parity.md at the session's end when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "parity.md"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--write-parity``, also as EMBEDMARK_WRITE_PARITY=1."""
    parser.addoption("--write-parity", action="store_true", help="write docs/parity.md")


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """The products of both sides are then summed in one order."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with threadpoolctl.threadpool_limits(1):
        yield


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what was skipped, and why."""
    if report.skipped and "tests/oracle" in report.nodeid and isinstance(report.longrepr, tuple):
        from tests.oracle import parity

        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        parity.NOT_COMPARED.append((report.nodeid.split("/")[-1], reason))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page from the session's comparisons."""
    asked = session.config.getoption("--write-parity", default=False)
    if asked or os.environ.get("EMBEDMARK_WRITE_PARITY") == "1":
        from tests.oracle import page, parity

        page.write(PAGE, parity.COMPARISONS)
