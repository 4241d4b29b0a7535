"""What the adapters of endpoints share: options, the endpoint they lead to, identity, the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.errors import UsageError
from benchmark.models.http.address import find_address
from benchmark.models.http.consent import Consent, Outgoing
from benchmark.models.http.spending import Meter, Spending
from benchmark.models.identity import slug_for
from benchmark.models.loading import amount, positive
from benchmark.protocols import Identity

if TYPE_CHECKING:
    from benchmark.models.http.exchange import Endpoint
    from benchmark.models.table import Settings

_LOCAL_TIMEOUT = 600.0  # a server of one's own may take minutes a request on a processor
UNPINNED = "endpoint"
"""The revision of a model that only its endpoint names: what answers there can change."""
MODEL_CAN_CHANGE = "model_can_change"
"""The note of a result that was measured through an endpoint."""
NOTE = (
    "the model behind an endpoint can change without notice; results say so, and @LABEL after the "
    "name keeps those of different times apart"
)


COMMON_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "api_version": str,
    "attempts": positive,
    "batch": positive,
    "concurrency": positive,
    "key_env": str,
    "price": amount,
    "timeout": amount,
    "url": str,
}
"""Options of every endpoint; none of them changes a number."""


@dataclass(slots=True)
class Gate:
    """Lets nothing out to another machine before consent; state: whether it was given."""

    endpoint: Endpoint
    consent: Consent
    given: bool = False

    def open(self, *, texts: int, characters: int, tokens: int) -> None:
        """Ask once, unless the host is this machine; raises UsageError when refused."""
        if self.given or self.endpoint.address.local or not texts:
            return
        self.consent(outgoing(self.endpoint, texts=texts, characters=characters, tokens=tokens))
        self.given = True


def outgoing(endpoint: Endpoint, *, texts: int, characters: int, tokens: int) -> Outgoing:
    """What these texts are to the endpoint, with their price where one is known."""
    meter = endpoint.meter
    cost = None if meter.price is None else meter.cost(tokens)
    return Outgoing(endpoint.address.host, endpoint.model, texts, characters, tokens, cost)


def connect(
    scheme: str, model: str, route: str, options: Mapping[str, Any], settings: Settings
) -> Endpoint:
    """The endpoint that options and settings describe; nothing is sent.

    Raises UsageError for a wrong address, a missing key, or a limit on money without a price.
    """
    # Imported when used: every run imports this module, and few need asyncio and ssl.
    from benchmark.models.http.exchange import Endpoint, require_client
    from benchmark.models.http.retries import Pace, Patience

    who = f"model '{scheme}:{model}'"
    require_client(f"the {who}")
    price = options.get("price", settings.price)
    spending = settings.spending or Spending()
    if spending.max_cost is not None and price is None:
        raise UsageError(f"{who}: --max-cost needs the --price of a million tokens")
    usual, address = Patience(), find_address(model, route, options, who)
    timeout = options.get("timeout", _LOCAL_TIMEOUT if address.local else usual.timeout)
    if not timeout:
        raise UsageError(f"{who}: timeout must be more than 0 seconds")
    return Endpoint(
        model=model,
        address=address,
        patience=Patience(options.get("attempts", usual.attempts), timeout),
        pace=Pace(most=options.get("concurrency", Pace().most)),
        meter=Meter(price, spending),
    )


def identify(
    scheme: str, endpoint: Endpoint, label: str | None, changing: Mapping[str, Any]
) -> Identity:
    """``<host>/<model>``, the user's label for what stands behind it, and what changes numbers.

    A path other than ``/v1`` is one of these, since it may lead to another server.
    """
    address = endpoint.address
    options = {**changing, **({"place": address.place} if address.place else {})}
    name = f"{address.host}/{endpoint.model.replace('/', '__')}"
    return Identity(
        name, label or UNPINNED, f"{scheme}/1", options, slug_for(scheme, scheme, options)
    )
