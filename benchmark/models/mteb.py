"""Models that mteb's registry can load, each with the loader and the prompts that mteb gives it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError, nearest
from benchmark.models.http.consent import Consent, Outgoing
from benchmark.models.http.setting import MODEL_CAN_CHANGE, NOTE
from benchmark.models.http.spending import estimate_tokens
from benchmark.models.loading import BATCH_SIZE, guarded, needed
from benchmark.models.loading import positive as positive_number
from benchmark.models.prompts import INSTRUCTIONS
from benchmark.models.table import Settings, slug_of
from benchmark.protocols import UNVERSIONED, Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"mteb": {"dim": positive_number}}
_NO_REVISION = "no_revision_available"
_API = "API"  # mteb's word for a model that calls a service


@dataclass(slots=True)
class RegistryModel:
    """An encoder of mteb's; state: who must agree that texts leave this machine, and tasks made up.

    ``consent`` is None for a model that runs here, and after it was given.

    What it puts before a text is known to itself alone. So its prompt is the JSON of what mteb
    tells it, task, type of task and the task's own prompt, and vectors are kept by all of these.
    """

    identity: Identity
    model: Any
    similarity: str
    batch_size: int
    consent: Consent | None = None
    price: float | None = None
    notes: tuple[str, ...] = ()
    result_notes: tuple[str, ...] = ()
    tasks: dict[str, Any] = field(default_factory=dict)

    def prompt_for(
        self, name: str, task_type: str, role: Role, prompts: Mapping[str, str]
    ) -> str | None:
        """What mteb tells the model of a task, as JSON."""
        told = {"task": name, "type": task_type, "prompt": _prompt(task_type, role, prompts)}
        return json.dumps(told, sort_keys=True, ensure_ascii=False)

    def outgoing(self, *, texts: int, characters: int, tokens: int) -> Outgoing:
        """What these texts are to the service behind the model."""
        cost = None if self.price is None else self.price * tokens / 1e6
        name = self.identity.name
        return Outgoing(f"the service behind {name}", name, texts, characters, tokens, cost)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Vectors by mteb's own ``encode``, ``(n, d)`` float32."""
        import numpy as np

        if self.consent:
            characters, tokens = sum(map(len, texts)), sum(map(estimate_tokens, texts))
            self.consent(self.outgoing(texts=len(texts), characters=characters, tokens=tokens))
            self.consent = None
        told = json.loads(prompt) if prompt else {"task": "", "type": "STS", "prompt": None}
        key = json.dumps(told, sort_keys=True)
        if key not in self.tasks:
            self.tasks[key] = _metadata(**told)
        types = needed("mteb.types", "mteb", "mteb:").PromptType
        found = self.model.encode(
            _loader(texts, role, self.batch_size),
            task_metadata=self.tasks[key],
            hf_split="test",
            hf_subset="default",
            prompt_type=types(role) if role else None,
            batch_size=self.batch_size,
            show_progress_bar=False,
        )
        if hasattr(found, "cpu"):
            found = found.cpu().float().numpy()
        vectors: NDArray[np.float32] = np.asarray(found, np.float32)
        return vectors


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> RegistryModel:
    """Load by the name in mteb's registry, at the revision that stands there.

    Raises UsageError for a name or revision that the registry lacks, and for a model that runs its
    own code without trust; ModelError for one that gives no vectors.
    """
    uri = f"mteb:{target}"
    if not target:
        raise UsageError("model 'mteb:' needs a name of mteb's registry: mteb:org/model")
    mteb = needed("mteb", "mteb", uri)
    registry = needed("mteb.models.model_implementations", "mteb", uri).MODEL_REGISTRY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # names that mteb has since changed
        try:
            meta = mteb.get_model_meta(target, revision)
        except KeyError:
            raise UsageError(
                f"model '{uri}': mteb's registry has no such model{nearest(target, registry)}"
            ) from None
        except ValueError:
            raise UsageError(
                f"model '{uri}': mteb's registry has another revision of it; leave out "
                f"'@{revision}'"
            ) from None
    if meta.loader_kwargs.get("trust_remote_code") and not settings.trust:
        raise ModelError(
            f"model '{uri}' runs code of its own; read it, then run with --trust, which pins "
            f"commit {meta.revision}"
        )
    served = _API in meta.framework
    if served and settings.spending and settings.spending.max_cost is not None:
        raise UsageError(
            f"model '{uri}' sends its requests itself, so --max-cost cannot stop it; leave it out, "
            "or reach the service with openai:"
        )
    similarity = meta.similarity_fn_name.value if meta.similarity_fn_name else "cosine"
    if similarity not in ("cosine", "dot", "euclidean"):
        raise ModelError(f"model '{uri}' compares by {similarity}; use colbert:{target}")
    device = None if settings.device == "auto" else settings.device
    model = guarded(
        uri, target, revision, lambda: meta.load_model(device=device, embed_dim=options.get("dim"))
    )
    if not hasattr(model, "encode"):
        raise ModelError(f"model '{uri}' gives no vectors; use bm25, ce:{target} or colbert:")
    found = meta.revision if meta.revision and meta.revision != _NO_REVISION else UNVERSIONED
    slug = slug_of({"adapter": "mteb", **options})
    return RegistryModel(
        Identity(meta.name, found, "mteb/1", dict(options), slug),
        model,
        similarity,
        settings.batch_size or BATCH_SIZE,
        settings.consent if served else None,
        settings.price,
        (NOTE,) if served else (),
        (MODEL_CAN_CHANGE,) if served else (),
    )


def calls_a_service(target: str, revision: str | None) -> bool:
    """Whether a model of the registry sends texts to a service; nothing of it is loaded."""
    mteb = needed("mteb", "mteb", f"mteb:{target}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return _API in mteb.get_model_meta(target, revision).framework
        except (KeyError, ValueError):
            return False  # loading it says what is wrong


def _prompt(task_type: str, role: Role, prompts: Mapping[str, str]) -> Any:
    """A task's prompt as mteb's metadata holds it: one text, or one a role."""
    if role is None:
        return prompts.get("text") or INSTRUCTIONS.get(task_type)
    by_role = {name: prompts[name] for name in ("query", "document") if name in prompts}
    return by_role or INSTRUCTIONS.get(task_type)


def _metadata(task: str, type: str, prompt: Any) -> Any:
    """What mteb tells a model of a task; only name, type and prompt say anything."""
    made: Any = needed("mteb.abstasks.task_metadata", "mteb", "mteb:").TaskMetadata
    return made(
        name=task,
        type=type,
        prompt=prompt,
        description="a task of EmbedMark",
        dataset={"path": "NA", "revision": "NA"},
        category="t2t",
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score="main_score",
        reference=None,
        date=None,
        domains=None,
        task_subtypes=None,
        license=None,
        annotations_creators=None,
        dialect=None,
        sample_creation=None,
        bibtex_citation=None,
        modalities=["text"],
    )


def _loader(texts: Sequence[str], role: Role, batch_size: int) -> Any:
    """Texts as mteb hands them to a model; a title or instruction is joined to its text before."""
    from datasets import Dataset

    columns = {"text": list(texts)}
    if role == "query":
        columns["query"] = columns["text"]
    elif role == "document":
        columns["body"] = columns["text"]
    loader = needed("torch.utils.data", "mteb", "mteb:").DataLoader
    return loader(Dataset.from_dict(columns), batch_size=batch_size)
