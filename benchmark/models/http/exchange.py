"""Many requests to one endpoint at once: sent, repeated where that helps, read as they come."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from benchmark.errors import BenchmarkError, MissingExtraError, ModelError, UsageError
from benchmark.models.http.address import Address
from benchmark.models.http.batching import Requests, halve_all
from benchmark.models.http.loop import in_background
from benchmark.models.http.refusals import RefusedError, TooLargeError, explain
from benchmark.models.http.retries import Pace, Patience, retry_after
from benchmark.models.http.spending import Meter

if TYPE_CHECKING:
    import httpx2

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with the patience, pace and meter of one model behind it."""

    model: str
    address: Address
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True, slots=True)
class Work(Generic[Answer]):
    """Requests to send: ``payload(n)`` becomes the JSON of request n.

    ``read(n, content)`` checks an answer, and gives what it holds and the tokens that it counted.
    """

    requests: Requests
    payload: Callable[[int], Mapping[str, Any]]
    read: Callable[[int, Any], tuple[Answer, int | None]]


def exchange(endpoint: Endpoint, work: Work[Answer]) -> Iterator[tuple[int, Answer]]:
    """Send every request, and give number and answer of each as it comes, in any order.

    One that is too large for the endpoint is sent in halves. When one fails for good, or the money
    for the next is not there, no other is begun; those on their way are still given, and then
    ModelError is raised.
    """
    yield from in_background(_exchange(endpoint, work))


def require_client(who: str) -> None:
    """Raise MissingExtraError where the package that sends requests is not installed."""
    try:
        import httpx2  # noqa: F401
    except ImportError:
        raise MissingExtraError("httpx2", "endpoint", who) from None


async def _exchange(
    endpoint: Endpoint, work: Work[Answer]
) -> AsyncGenerator[tuple[int, Answer], None]:
    waiting = deque(range(len(work.requests.rows)))
    running: dict[asyncio.Task[Answer], int] = {}
    hurry = asyncio.Event()
    problem: BenchmarkError | None = None
    async with _client(endpoint) as client:
        try:
            while waiting or running:
                while waiting and problem is None and len(running) < endpoint.pace.slots:
                    number, ratio = waiting[0], endpoint.meter.ratio
                    if not endpoint.meter.reserve(work.requests.estimate(number)):
                        # Those on their way may cost less than was set aside for them.
                        problem = None if running else _no_money(endpoint, len(waiting))
                        break
                    paid = _paid(client, endpoint, work, waiting.popleft(), ratio, hurry)
                    running[asyncio.create_task(paid)] = number
                if not running:
                    break
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    number, error = running.pop(task), task.exception()
                    if error is None:
                        yield number, task.result()
                    elif isinstance(error, TooLargeError) and halve_all(
                        work.requests, number, waiting
                    ):
                        endpoint.meter.retries += 1
                    elif isinstance(error, BenchmarkError):
                        problem = problem or error
                        hurry.set()
                    else:
                        raise error
            if problem is not None:
                raise problem
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _paid(
    client: httpx2.AsyncClient,
    endpoint: Endpoint,
    work: Work[Answer],
    number: int,
    ratio: float,
    hurry: asyncio.Event,
) -> Answer:
    """One request with its repetitions; money set aside for it is paid or given back."""
    estimate, meter = work.requests.estimate(number), endpoint.meter
    try:
        body = json.dumps(work.payload(number)).encode()
        content = await _answer(client, endpoint, body, hurry)
    except BaseException:
        meter.release(estimate, ratio)
        raise
    try:
        answer, counted = work.read(number, content)
    except BaseException:
        meter.settle(estimate, ratio, None)
        raise
    meter.settle(estimate, ratio, counted)
    return answer


async def _answer(
    client: httpx2.AsyncClient, endpoint: Endpoint, body: bytes, hurry: asyncio.Event
) -> Any:
    """The JSON of a whole answer; ModelError when no attempt, or none that may be, gave one."""
    patience, pace, host = endpoint.patience, endpoint.pace, endpoint.address.host
    attempt, last = 0, "another request failed"
    while attempt < patience.attempts:
        while (rest := pace.paused_until - patience.clock()) > 0 and not hurry.is_set():
            await _rest(patience, rest, hurry)
        if hurry.is_set():
            break
        attempt += 1
        sent = patience.clock()
        try:
            content = await _once(client, endpoint, body)
        except RefusedError as refusal:
            last = refusal.reason
            if refusal.crowded:
                pace.crowded(sent, patience.clock())
            if (refusal.wait or 0) > patience.longest_wait:
                raise ModelError(
                    f"{host} asks to wait {refusal.wait:.0f} seconds, more than "
                    f"{patience.longest_wait:.0f}; what came is kept, so run again later"
                ) from None
            if attempt == patience.attempts:
                break
            endpoint.meter.retries += 1
            if refusal.wait is None:
                await _rest(patience, patience.wait_before(attempt), hurry)
            else:
                pace.pause(patience.clock() + refusal.wait)
        else:
            pace.succeeded()
            return content
    raise ModelError(
        f"{host} gave no answer in {attempt} attempts (last: {last}); what came is kept, so run "
        "again later"
    )


async def _rest(patience: Patience, seconds: float, hurry: asyncio.Event) -> None:
    """Sleep, but not when there is nothing to wait for any more."""
    both = {asyncio.ensure_future(patience.sleep(seconds)), asyncio.ensure_future(hurry.wait())}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()


async def _once(client: httpx2.AsyncClient, endpoint: Endpoint, body: bytes) -> Any:
    """One attempt: the JSON of the answer; RefusedError when another attempt may help."""
    import httpx2

    patience = endpoint.patience
    try:
        async with asyncio.timeout(patience.timeout):  # of the whole, however slowly it drips
            response = await client.post(endpoint.address.url, content=body)
    except TimeoutError:
        # A server that does not keep up is helped by fewer requests, not by the same ones again.
        reason = f"no whole answer within {patience.timeout:g} seconds"
        raise RefusedError(reason, crowded=True) from None
    except httpx2.TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ModelError(
                f"the certificate of {endpoint.address.host} is not trusted; name the file of "
                "your authority in SSL_CERT_FILE"
            ) from None
        raise RefusedError(f"the connection failed ({type(error).__name__})") from None
    except httpx2.HTTPError as error:
        raise RefusedError(f"the answer is unreadable ({type(error).__name__})") from None
    if response.status_code != 200:
        told = retry_after(response.headers, patience.now())
        raise explain(response.status_code, response.content, endpoint, told)
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        raise RefusedError("the answer is cut short or is no JSON") from None


def _client(endpoint: Endpoint) -> httpx2.AsyncClient:
    """A client that takes proxies and authorities from the environment; redirects are refused."""
    import httpx2

    return httpx2.AsyncClient(
        headers={**endpoint.address.headers, "content-type": "application/json"},
        params=dict(endpoint.address.parameters),
        verify=_authorities(),
        timeout=None,
        trust_env=not endpoint.address.local,  # this machine is never reached by way of a proxy
        limits=httpx2.Limits(max_connections=None),
        follow_redirects=False,
    )


def _authorities() -> ssl.SSLContext:
    """Whose certificates are trusted: SSL_CERT_FILE, SSL_CERT_DIR, else REQUESTS_CA_BUNDLE."""
    import httpx2

    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    own = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    try:
        if bundle and not own:
            if os.path.isdir(bundle):
                return ssl.create_default_context(capath=bundle)
            return ssl.create_default_context(cafile=bundle)
        return httpx2.create_ssl_context()
    except OSError:
        raise UsageError(
            "no certificates can be read where SSL_CERT_FILE, SSL_CERT_DIR or REQUESTS_CA_BUNDLE "
            "says; mend or unset it"
        ) from None


def _no_money(endpoint: Endpoint, left: int) -> ModelError:
    money = endpoint.meter.spending
    return ModelError(
        f"stopped before --max-cost {money.max_cost:g}: {money.spent:.4f} is spent, and the next "
        f"of {left} requests would pass it; what was paid for is kept, so a run with a higher "
        "--max-cost goes on from here"
    )
