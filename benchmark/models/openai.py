"""Any endpoint that speaks OpenAI's embeddings: a provider, Azure, or a server of one's own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.http.answers import items_in_order
from benchmark.models.http.batching import Requests
from benchmark.models.http.exchange import Endpoint, Work, exchange
from benchmark.models.http.input_type import InputType, input_type_option, read_input_type
from benchmark.models.http.setting import (
    COMMON_OPTIONS,
    MODEL_CAN_CHANGE,
    NOTE,
    Gate,
    connect,
    identify,
)
from benchmark.models.http.spending import cut, estimate_tokens
from benchmark.models.loading import positive
from benchmark.models.prompts import (
    PROMPT_OPTIONS,
    Prompting,
    choose_prompt,
    notes_on_prompts,
    prompting_of,
)
from benchmark.models.table import Settings
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_URL = "https://api.openai.com/v1"
_MOST_TEXTS, _MOST_TOKENS = 128, 100_000  # OpenAI takes 2,048 and 300,000; other servers take less

_CHANGING = ("dimensions", "input_type", "instruction", "max_tokens", "prompt")

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "openai": {
        **COMMON_OPTIONS,
        **PROMPT_OPTIONS,
        "dimensions": positive,
        "encoding": str,
        "input_type": input_type_option,
        "max_tokens": positive,
        "request_tokens": positive,
    }
}


@dataclass(frozen=True, slots=True)
class OpenAIModel:
    """A model behind an endpoint; its state is the endpoint's pace and meter, and the gate.

    ``dimensions`` is asked of the server, and told it what a text is for (``input_type``), where it
    has such words. ``max_tokens`` cuts a text where its estimate of tokens
    ends. A request holds at most ``batch`` texts of together ``request_tokens`` estimated tokens.
    """

    identity: Identity
    endpoint: Endpoint
    gate: Gate
    prompting: Prompting = field(default_factory=Prompting)
    batch: int = _MOST_TEXTS
    request_tokens: int = _MOST_TOKENS
    max_tokens: int | None = None
    dimensions: int | None = None
    encoding: str = "base64"
    input_type: InputType = field(default_factory=InputType)
    similarity: str = "cosine"
    notes: tuple[str, ...] = (NOTE,)
    result_notes: tuple[str, ...] = (MODEL_CAN_CHANGE,)

    @property
    def usage(self) -> dict[str, float]:
        """What was used so far: requests, tokens, cost."""
        return self.endpoint.meter.usage()

    def prompt_for(
        self,
        task_name: str,
        task_type: str,
        role: Role,
        task_prompts: Mapping[str, str] | None = None,
    ) -> str | None:
        """The user's prompt, or that of the model's family, by the model's name."""
        return choose_prompt(self.prompting, task_name, task_type, role, task_prompts)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Vectors as the endpoint gives them, ``(n, d)`` float32."""
        import numpy as np

        parts = list(self.encode_stream(texts, role=role, prompt=prompt))
        if not parts:
            return np.empty((0, 1), np.float32)
        out = np.empty((len(texts), parts[0][1].shape[1]), np.float32)
        for rows, vectors in parts:
            out[rows] = vectors
        return out

    def encode_stream(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Rows of ``texts`` and their vectors, request by request, as answers come."""
        inputs = [self._input((prompt or "") + text) for text in texts]
        tokens = [estimate_tokens(text) for text in inputs]
        requests = Requests(list(_requests(tokens, self.batch, self.request_tokens)), tokens)
        self.gate.open(texts=len(inputs), characters=sum(map(len, inputs)), tokens=sum(tokens))
        widths: set[int] = set()

        def payload(number: int) -> dict[str, Any]:
            fields = {
                "model": self.endpoint.model,
                "input": [inputs[row] for row in requests.rows[number]],
                "encoding_format": self.encoding,
                "dimensions": self.dimensions,
                **self.input_type.fields(role),
            }
            return {name: value for name, value in fields.items() if value is not None}

        def read(number: int, content: Any) -> tuple[NDArray[np.float32], int | None]:
            vectors = _vectors(content, len(requests.rows[number]), self.endpoint.address.host)
            widths.add(vectors.shape[1])
            if len(widths) > 1 or (self.dimensions or vectors.shape[1]) != vectors.shape[1]:
                wanted = self.dimensions or min(widths - {vectors.shape[1]})
                raise ModelError(
                    f"{self.endpoint.address.host} returned vectors of width {vectors.shape[1]}, "
                    f"not {wanted}; check the model's name and dimensions="
                )
            return vectors, _counted(content)

        for number, vectors in exchange(self.endpoint, Work(requests, payload, read)):
            yield requests.rows[number], vectors

    def _input(self, text: str) -> str:
        if self.max_tokens and estimate_tokens(text) > self.max_tokens:
            self.endpoint.meter.cut += 1
            text = cut(text, self.max_tokens)
        return text or " "  # OpenAI refuses an empty text; a space has no tokens of its own


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> OpenAIModel:
    """Find address and key; nothing is sent before the first text."""
    model, label = (f"@{revision}", None) if not target and revision else (target, revision)
    if not model:
        raise UsageError("model 'openai:' needs a name, for example openai:text-embedding-3-small")
    encoding = options.get("encoding", "base64")
    if encoding not in ("base64", "float"):
        raise UsageError(f"model 'openai:{model}': encoding must be base64 or float")
    given = {"url": DEFAULT_URL, **options}
    endpoint = connect(scheme, model, "embeddings", given, settings)
    changing = {name: options[name] for name in _CHANGING if name in options}
    prompting = prompting_of(model, options)
    made = OpenAIModel(
        identity=identify(scheme, endpoint, label, changing),
        endpoint=endpoint,
        gate=Gate(endpoint, settings.consent),
        prompting=prompting,
        notes=(NOTE, *notes_on_prompts(prompting)),
        max_tokens=options.get("max_tokens"),
        dimensions=options.get("dimensions"),
        request_tokens=options.get("request_tokens", _MOST_TOKENS),
        encoding=encoding,
        input_type=read_input_type(options.get("input_type", "")),
    )
    batch = options.get("batch") or settings.batch_size
    return replace(made, batch=batch) if batch else made


def _requests(tokens: Sequence[int], most_texts: int, most_tokens: int) -> Iterator[list[int]]:
    """Rows of one request after another, in order; a text over the limit goes alone."""
    rows: list[int] = []
    total = 0
    for row, count in enumerate(tokens):
        if rows and (len(rows) == most_texts or total + count > most_tokens):
            yield rows
            rows, total = [], 0
        rows.append(row)
        total += count
    if rows:
        yield rows


def _vectors(content: Any, count: int, host: str) -> NDArray[np.float32]:
    """The vectors of an answer in the order of their indices, ``(count, d)``, checked."""
    import numpy as np

    items = items_in_order(
        content.get("data") if isinstance(content, dict) else None,
        count,
        host=host,
        noun="vectors",
        hint="check that it speaks OpenAI's embeddings",
    )
    vectors = [_vector(item.get("embedding"), host) for item in items]
    widths = {len(vector) for vector in vectors}
    if len(widths) != 1:
        raise ModelError(f"{host} returned vectors of widths {sorted(widths)} in one answer")
    if widths == {0}:
        raise ModelError(f"{host} returned empty vectors; check that the model embeds texts")
    found = np.stack(vectors)
    bad = int((~np.isfinite(found).all(axis=1)).sum())
    if bad:
        raise ModelError(f"{host} returned {bad} of {count} vectors with NaN or infinite values")
    return found


def _vector(embedding: Any, host: str) -> NDArray[np.float32]:
    import numpy as np

    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
        vector = np.asarray(embedding, np.float32)
        if vector.ndim == 1 and isinstance(embedding, list):
            return vector
    except (ValueError, TypeError, OverflowError, binascii.Error):
        pass
    raise ModelError(f"{host} returned an embedding that is neither numbers nor base64 of them")


def _counted(content: Mapping[str, Any]) -> int | None:
    """The tokens that an answer says it used; None when it says nothing."""
    usage = content.get("usage")
    if isinstance(usage, dict):
        for name in ("total_tokens", "prompt_tokens"):
            if type(usage.get(name)) is int and usage[name] > 0:
                return int(usage[name])
    return None
