"""Real data of every kind, as tasks to be compared: name -> what it is and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.oracle import more_data, real_data
from tests.oracle.mteb_task import Parts, Tables

# torch's float32 sums of the model's own similarity differ from ours in the last place, which
# exchanges the ranks of some near-equal pairs.
OWN = {"spearman": 2e-4, "pearson": 5e-6, "similarity_*": 1e-2, "max_*": 1e-2}
SIB200 = ("eng_Latn", "deu_Latn", "zho_Hans", "arb_Arab", "swh_Latn", "tam_Taml")
STSB = ("en", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "zh")
XQUAD = ("ar", "de", "el", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
TATOEBA = ("deu", "fra", "rus", "cmn", "swh", "tam")
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Case:
    """One task: ``make`` gives its parts in full, or with few rows where the model is slow.

    A slow model reads only so many ``words`` of each text, 0 for all: more proves no more.
    """

    kind: str
    main_score: str
    make: Callable[[bool], Parts]
    options: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    allowed: Mapping[str, float] = field(default_factory=lambda: _NONE)
    words: int = 0


def one(tables: Tables) -> Parts:
    """A task with one split and no subsets."""
    return {("test", "default"): tables}


def _languages(
    codes: tuple[str, ...], make: Callable[[str], Tables], rows: int
) -> Callable[[bool], Parts]:
    def parts(few: bool) -> Parts:
        most = rows if few else 2000
        return {("test", code): more_data.fewer(make(code), most) for code in codes}

    return parts


def _rows(make: Callable[[], Tables], full: int, few_rows: int) -> Callable[[bool], Parts]:
    return lambda few: one(more_data.fewer(make(), few_rows if few else full))


def _retrieval(make: Callable[[], Tables], words: int = 24) -> Case:
    return Case("retrieval", "ndcg_at_10", lambda _: one(make()), words=words)


def _pool(name: str, kind: str, main_score: str, make: Callable[[str], Tables]) -> Case:
    def parts(few: bool) -> Parts:
        return one(more_data.fewer_queries(make(name), 10 if few else 40))

    return Case(kind, main_score, parts, words=24)


def _clustering(name: str) -> Case:
    options = {"max_document_to_embed": "all", "max_documents_per_cluster": 1000}
    make = _rows(lambda: more_data.short_texts(name), 2000, 1000)
    return Case("clustering", "v_measure", make, options)


def _sib200_levels() -> Tables:
    rows = real_data.sib200("eng_Latn", "test")["rows"]
    label = [[name.split("/")[0][:1], name] for name in rows.column("label").to_pylist()]
    return {"rows": rows.set_column(1, "label", [label])}


TOPICS = ("entertainment", "geography", "health", "politics", "science/technology", "sports")
ABOUT = {name: f"This text is about {name}." for name in (*TOPICS, "travel")}
MOOD = {
    "negative": "The company is doing worse.",
    "neutral": "Nothing changes for the company.",
    "positive": "The company is doing better.",
}

CASES: Mapping[str, Case] = {
    "cran": _retrieval(real_data.cran, words=60),
    "cisi": _retrieval(lambda: more_data.smart("cisi"), words=60),
    "med": _retrieval(lambda: more_data.smart("med")),
    "cosqa, 2,000 codes": _retrieval(lambda: more_data.cosqa(2000)),
    "xquad, 100 questions a language, English paragraphs": Case(
        "retrieval",
        "ndcg_at_10",
        lambda _: {("test", code): more_data.xquad(code, "en", 100) for code in XQUAD},
        words=24,
    ),
    "xquad, 100 English questions, paragraphs of a language": Case(
        "retrieval",
        "ndcg_at_10",
        lambda _: {("test", code): more_data.xquad("en", code, 100) for code in ("de", "ru", "zh")},
        words=24,
    ),
    "qmsum, 100 questions about meetings": Case(
        "long_context",
        "ndcg_at_1",
        lambda _: one(more_data.meetings(100)),
        words=24,
    ),
    "trecqa": Case("reranking", "map_at_1000", lambda _: one(real_data.trecqa())),
    **{
        f"birco {name}": _pool(name, "reranking", "ndcg_at_10", more_data.birco)
        for name in more_data.OBJECTIVE
    },
    "birco arguana, searched in full": _pool(
        "arguana",
        "instruction_retrieval",
        "ndcg_at_20",
        lambda name: {k: v for k, v in more_data.birco(name).items() if k != "top_ranked"},
    ),
    "birco clinical-trial, instruction changed": Case(
        "instruction_reranking",
        "p-MRR",
        lambda few: one(
            more_data.instruction_changed(
                more_data.fewer_queries(more_data.birco("clinical-trial"), 10 if few else 40)
            )
        ),
        words=24,
    ),
    "stsb": Case("sts", "cosine_spearman", _languages(STSB, real_data.stsb, 300), allowed=OWN),
    "sts": Case(
        "sts",
        "cosine_spearman",
        _languages(("2012", "2013", "2014", "2015", "2016"), lambda y: more_data.sts(int(y)), 500),
        allowed=OWN,
    ),
    "csts_zh STS-B": Case(
        "sts", "cosine_spearman", _rows(lambda: more_data.chinese("STS-B"), 2000, 400), allowed=OWN
    ),
    "csts_zh": Case(
        "pair_classification",
        "max_ap",
        _languages(("AFQMC", "LCQMC", "OCNLI", "PAWS-X"), more_data.chinese, 400),
        allowed=OWN,
    ),
    "mrpc": Case("pair_classification", "max_ap", lambda _: one(real_data.mrpc()), allowed=OWN),
    "banking77": Case("classification", "accuracy", lambda _: one(real_data.banking77())),
    "fomc": Case("classification", "accuracy", lambda _: one(real_data.fomc())),
    "financial_phrasebank, cross-validated": Case(
        "classification",
        "accuracy",
        lambda few: {
            ("train", "default"): more_data.fewer(
                real_data.financial_phrasebank(), 1500 if few else 5000
            )
        },
        {"cross_validation": True},
    ),
    "sib200": Case(
        "classification",
        "accuracy",
        lambda _: {("test", code): real_data.sib200(code, "test") for code in SIB200},
    ),
    "banking77, words of an intent as labels": Case(
        "multilabel_classification",
        "lrap",
        lambda few: one(
            more_data.fewer(more_data.words_as_labels(real_data.banking77()), 1000 if few else 3080)
        ),
        {"n_experiments": 3},
    ),
    "stsb, score of joined sentences": Case(
        "regression",
        "kendalltau",
        lambda _: one(more_data.joined_pairs(real_data.stsb("en"), 379)),
    ),
    **{
        f"short_text_clustering {name}": _clustering(name)
        for name in ("stackoverflow", "biomedical", "snippets", "agnews", "googlenews")
    },
    "sib200, two levels": Case(
        "clustering",
        "v_measure",
        lambda _: one(_sib200_levels()),
        {"max_document_to_embed": "all", "max_documents_per_cluster": 150},
    ),
    "sib200 by language": Case(
        "clustering",
        "v_measure",
        lambda _: {
            ("test", code): {"rows": real_data.sib200(code, "test")["rows"]} for code in SIB200
        },
        {"max_document_to_embed": "all", "max_documents_per_cluster": 150},
    ),
    "short_text_clustering stackoverflow, sets of 250": Case(
        "clustering_legacy",
        "v_measure",
        lambda _: one(
            more_data.in_sets(more_data.fewer(more_data.short_texts("stackoverflow"), 1000), 250)
        ),
    ),
    "tatoeba": Case(
        "bitext",
        "f1",
        _languages(
            tuple(f"{c}-eng" for c in TATOEBA),
            (lambda pair: real_data.tatoeba(pair.removesuffix("-eng"))),
            300,
        ),
    ),
    "sib200 with English": Case(
        "bitext", "f1", lambda _: {("test", c): more_data.sib200_bitext(c) for c in SIB200[1:]}
    ),
    "summeval": Case(
        "summarization",
        "cosine_spearman",
        lambda _: one(real_data.summeval()),
        words=24,
    ),
    "sib200 topics": Case(
        "zero_shot_classification",
        "accuracy",
        lambda _: {
            ("test", code): more_data.described(real_data.sib200(code, "test"), ABOUT)
            for code in SIB200
        },
    ),
    "financial_phrasebank moods": Case(
        "zero_shot_classification",
        "accuracy",
        lambda few: one(
            more_data.described(
                more_data.fewer(real_data.financial_phrasebank(), 1500 if few else 5000), MOOD
            )
        ),
    ),
}
