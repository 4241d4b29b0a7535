"""Data sets as mteb's own lie on the hub, with made-up rows: files, cards, configs and shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.hub.files import card, write
from tests.oracle.made_data import made


@dataclass(frozen=True)
class HubTask:
    """A task of mteb with the data set that it names, and our task file of the same."""

    name: str
    hub: str
    revision: str
    kind: str
    main_score: str
    write: Callable[[Path], None]
    subsets: tuple[str, ...] = ()
    splits: tuple[str, ...] = ("test",)
    source: str = ""
    rest: str = ""

    @property
    def folder(self) -> str:
        """Where the server keeps it: a full commit, of which the revision may be the start."""
        return f"{self.hub}/{self.revision.ljust(40, '0')}"

    @property
    def toml(self) -> str:
        """Our task file."""
        head = f'kind = "{self.kind}"\nmain_score = "{self.main_score}"\n'
        splits = f"splits = {json.dumps(list(self.splits))}\n"
        subsets = "".join(f'{json.dumps(name)} = ["eng-Latn"]\n' for name in self.subsets)
        languages = f"[subsets]\n{subsets}" if subsets else ""
        plain = "" if subsets else 'languages = ["eng-Latn"]\n'
        source = f'[source]\nhub = "{self.hub}"\nrevision = "{self.revision}"\n{self.source}'
        return f"{head}{plain}{splits}{source}\n{self.rest}\n{languages}"


def odd(table: pa.Table, *columns: str) -> pa.Table:
    """Some texts with quotation marks, separators, line breaks and other scripts in them."""
    for column in columns:
        texts = [
            text if row % 3 else f'{text}, "said"\n{text};\tand мне 猫'
            for row, text in enumerate(table.column(column).to_pylist())
        ]
        table = table.set_column(table.column_names.index(column), column, [texts])
    return table


def rename(table: pa.Table, **names: str) -> pa.Table:
    """The table with some columns called otherwise."""
    return table.rename_columns([names.get(name, name) for name in table.column_names])


def _sharded_pairs(folder: Path) -> None:
    table = odd(made("sts", seed=3)["rows"], "sentence1")
    extra = table.append_column("genre", [["news"] * table.num_rows])
    write(folder / "data/test-00000-of-00002.parquet", extra.slice(0, 70))
    write(folder / "data/test-00001-of-00002.parquet", extra.slice(70))
    write(folder / "data/train-00000-of-00001.parquet", extra.slice(0, 5))
    (folder / ".gitattributes").write_text("*.parquet filter=lfs\n")


def _by_column(kind: str, path: str, *columns: str) -> Callable[[Path], None]:
    def writing(folder: Path) -> None:
        parts = []
        for number, language in enumerate(("de-en", "fr-en", "ru-en", "ko-ko", "ar-ar", "en-ar")):
            table = odd(made(kind, part=language, seed=number)["rows"], *columns)
            parts.append(table.append_column("lang", [[language] * table.num_rows]))
        # Mixed, as rows of one language need not stand together.
        whole = pa.concat_tables(parts)
        write(folder / path, whole.take([*range(0, len(whole), 2), *range(1, len(whole), 2)]))

    return writing


def _labelled_pairs(folder: Path) -> None:
    table = rename(odd(made("pair_classification", seed=4)["rows"], "sentence2"), label="labels")
    labels = table.column("labels").cast(pa.int64())
    table = table.set_column(table.column_names.index("labels"), "labels", labels)
    write(folder / "test.csv", table)
    write(folder / "train.csv", table.slice(0, 9))


def _pairs_in_one_row(folder: Path) -> None:
    rows = made("pair_classification", seed=5)["rows"]
    lists = {
        "sent1": [rows.column("sentence1").to_pylist()],
        "sent2": [rows.column("sentence2").to_pylist()],
        "labels": [rows.column("label").cast(pa.int64()).to_pylist()],
    }
    write(folder / "test.json", pa.table(lists))


def _plain_files(kind: str, ending: str, **names: str) -> Callable[[Path], None]:
    def writing(folder: Path) -> None:
        tables = made(kind, seed=6)
        for table, split in (("rows", "test"), ("train", "train")):
            if table in tables:
                write(folder / f"{split}{ending}", rename(tables[table], **names))

    return writing


def _named_labels(folder: Path) -> None:
    """Labels as names, which the card gives numbers in another order than the alphabet's."""
    names = ["c", "a", "b"]
    lines = ["---", "dataset_info:", "  features:", "  - name: text", "    dtype: string"]
    lines += ["  - name: label", "    dtype:", "      class_label:", "        names:"]
    lines += [f"          '{number}': {name}" for number, name in enumerate(names)]
    _plain_files("classification", ".jsonl")(folder)
    (folder / "README.md").write_text("\n".join([*lines, "---", ""]), "utf-8")


def _labelled_subsets(folder: Path) -> None:
    configs: dict[str, dict[str, str]] = {}
    for number, subset in enumerate(("en-ext", "en", "de")):
        tables = made("classification", part=subset, seed=number)
        splits = {"train": tables["train"], "validation": tables["rows"].slice(0, 40)}
        splits["test"] = odd(tables["rows"], "text")
        configs[subset] = {split: f"{subset}/{split}.jsonl.gz" for split in splits}
        for split, table in splits.items():
            write(folder / subset / f"{split}.jsonl.gz", table)
    card(folder, configs)


def _valued_subsets(folder: Path) -> None:
    configs: dict[str, dict[str, str]] = {}
    for number, subset in enumerate(("yearpubl_ru", "yearpubl_en")):
        tables = made("regression", part=subset, seed=number)
        configs[subset] = {split: f"{subset}/{split}-*" for split in ("train", "test")}
        write(folder / subset / "train-00000-of-00001.parquet", tables["train"])
        write(folder / subset / "test-00000-of-00001.parquet", tables["rows"])
    card(folder, configs)


def _sets(folder: Path) -> None:
    rows = made("clustering_legacy", seed=7)["rows"].to_pylist()
    sets: dict[str, dict[str, list[Any]]] = {}
    for row in rows:
        found = sets.setdefault(row["set"], {"sentences": [], "labels": []})
        found["sentences"].append(row["text"])
        found["labels"].append(row["label"])
    write(folder / "test.jsonl.gz", pa.Table.from_pylist(list(sets.values())))


def _summaries(folder: Path) -> None:
    tables, texts = made("summarization", seed=8), {}
    for row in tables["rows"].to_pylist():
        empty: dict[str, Any] = {"machine_summaries": [], "relevance": [], "human_summaries": []}
        found = texts.setdefault(row["text-id"], {"text": f"about {row['text-id']}", **empty})
        found["machine_summaries"].append(row["text"])
        found["relevance"].append(row["score"])
    for row in tables["references"].to_pylist():
        texts[row["text-id"]]["human_summaries"].append(row["text"])
    write(folder / "test.json", pa.Table.from_pylist(list(texts.values())))


def _ranked(kind: str, *prefixes: str) -> Callable[[Path], None]:
    """Corpus, queries and judgements in configs of their own, with candidates or instructions."""

    def writing(folder: Path) -> None:
        configs: dict[str, dict[str, str]] = {}
        for number, prefix in enumerate(prefixes or ("",)):
            tables = _hub_tables(kind, prefix, number)
            for table, content in tables.items():
                own = f"{prefix}-{table}" if prefix else {"qrels": "default"}.get(table, table)
                split = "test" if table == "qrels" else table
                path = f"{own}/{split}.jsonl" if prefix else f"{own}/{split}-00000-of-00001.parquet"
                configs[own] = {split: path}
                write(folder / path, content)
        card(folder, configs)

    return writing


def _hub_tables(kind: str, part: str, seed: int) -> dict[str, pa.Table]:
    made_of = made(kind, part=part, seed=seed + 9)
    corpus = odd(rename(made_of["corpus"], id="_id"), "text")
    titles = ["" if row % 2 else f"title {row}" for row in range(len(corpus))]
    queries = rename(made_of["queries"], id="_id")
    scores = made_of["qrels"].column("score").cast(pa.int64())
    at = made_of["qrels"].column_names.index("score")
    tables = {
        "corpus": corpus.append_column("title", [titles]),
        "queries": queries,
        "qrels": made_of["qrels"].set_column(at, "score", scores),
    }
    if "instruction" in queries.column_names:
        instructions = queries.select(["_id", "instruction"])
        tables["instruction"] = rename(instructions, _id="query-id")
        tables["queries"] = queries.drop_columns(["instruction"])
    for name, config in (("top_ranked", "top_ranked"), ("changed", "qrel_diff")):
        if name in made_of:
            tables[config] = _listed(made_of[name])
    return tables


def _listed(pairs: pa.Table) -> pa.Table:
    found: dict[str, list[str]] = {}
    for row in pairs.to_pylist():
        found.setdefault(row["query-id"], []).append(row["corpus-id"])
    return pa.table({"query-id": list(found), "corpus-ids": list(found.values())})


def _needles(folder: Path) -> None:
    lengths = (256, 512)
    found: dict[str, list[dict[str, Any]]] = {"queries": [], "corpus": [], "qrels": []}
    for length in lengths:
        for number in range(20):
            query, document = f"q{length}_{number}", f"d{length}_{number}"
            row = {"qid": "", "doc_id": "", "text": "", "context_length": length}
            found["queries"].append({**row, "qid": query, "text": f"where is {query}?"})
            found["corpus"].append({**row, "doc_id": document, "text": f"{document} is here"})
            found["qrels"].append({**row, "qid": query, "doc_id": document})
    for table, rows in found.items():
        write(folder / "needle" / f"{table}.jsonl", pa.Table.from_pylist(rows))
    card(folder, {"needle": {table: f"needle/{table}.jsonl" for table in found}})


_SENTENCES = '[columns]\ntext = "sentences"\nlabel = "labels"\n'
_LONG = (
    'config = "needle"\nsplits = { test_256 = "256", test_512 = "512" }\n'
    'where = { context_length = "{split}" }\n'
    + "".join(
        f'{table} = {{ config = "needle", split = "{table}" }}\n'
        for table in ("corpus", "queries", "qrels")
    )
    + '[columns.corpus]\nid = "doc_id"\n[columns.queries]\nid = "qid"\n'
    '[columns.qrels]\nquery-id = "qid"\ncorpus-id = "doc_id"\n'
)

TASKS = (
    HubTask(
        "STSBenchmark",
        "mteb/stsbenchmark-sts",
        "b0fddb56ed78048fa8b90373c8a3cfc37b684831",
        "sts",
        "cosine_spearman",
        _sharded_pairs,
    ),
    HubTask(
        "STS17",
        "mteb/sts17-crosslingual-sts",
        "faeb762787bd10488a50c8b5be4a3b82e411949c",
        "sts",
        "cosine_spearman",
        _by_column("sts", "test.jsonl.gz", "sentence1", "sentence2"),
        ("ko-ko", "ar-ar"),
        source='subset_column = "lang"\n',
    ),
    HubTask(
        "LegalBenchPC",
        "mteb/LegalBenchPC",
        "88408f054cc56b9ec8adc8113ffd65585995c099",
        "pair_classification",
        "max_accuracy",
        _labelled_pairs,
    ),
    HubTask(
        "SprintDuplicateQuestions",
        "mteb/sprintduplicatequestions-pairclassification",
        "d66bd1f72af766a5cc4b0ca5e00c162f89e8cc46",
        "pair_classification",
        "max_ap",
        _pairs_in_one_row,
        rest='[columns]\nsentence1 = "sent1"\nsentence2 = "sent2"\n',
    ),
    HubTask(
        "Banking77Classification",
        "mteb/banking77",
        "0fd18e25b25c072e09e0d92ab615fda904d66300",
        "classification",
        "accuracy",
        _named_labels,
    ),
    HubTask(
        "AmazonCounterfactualClassification",
        "mteb/amazon_counterfactual",
        "1f7e6a9d6fa6e64c53d146e428565640410c0df1",
        "classification",
        "accuracy",
        _labelled_subsets,
        ("en-ext", "de"),
        ("validation", "test"),
        rest="[options]\nsamples_per_label = 32\n",
    ),
    HubTask(
        "KorHateSpeechMLClassification",
        "mteb/KorHateSpeechMLClassification",
        "47cd2e61b64f2f11ccb006a579cda71318c6de9b",
        "multilabel_classification",
        "accuracy",
        _plain_files("multilabel_classification", ".parquet"),
    ),
    HubTask(
        "RuSciBenchYearPublRegression",
        "mlsa-iai-msu-lab/ru_sci_bench_mteb",
        "fbc0599a0b5f00b3c7d87ab4d13490f04fb77f8e",
        "regression",
        "kendalltau",
        _valued_subsets,
        ("yearpubl_ru", "yearpubl_en"),
    ),
    HubTask(
        "AlloProfClusteringP2P.v2",
        "mteb/AlloProfClusteringP2P.v2",
        "7b04358904493dd215592234f583bdde16ead610",
        "clustering",
        "v_measure",
        _plain_files("clustering", ".csv", text="sentences", label="labels"),
        rest=f"[options]\nmax_document_to_embed = 2556\n{_SENTENCES}",
    ),
    HubTask(
        "TwentyNewsgroupsClustering",
        "mteb/twentynewsgroups-clustering",
        "6125ec4e24fa026cec8a478383ee943acfbd5449",
        "clustering_legacy",
        "v_measure",
        _sets,
        rest=_SENTENCES,
    ),
    HubTask(
        "BUCC.v2",
        "mteb/bucc-bitext-mining",
        "1739dc11ffe9b7bfccd7f3d585aeb4c544fc6677",
        "bitext",
        "f1",
        _by_column("bitext", "data/test-00000-of-00001.parquet", "sentence2"),
        ("de-en", "ru-en"),
        source='subset_column = "lang"\n',
    ),
    HubTask(
        "BornholmBitextMining",
        "mteb/BornholmBitextMining",
        "5b02048bd75e79275aa91a1fce6cdfd3f4a391cb",
        "bitext",
        "f1",
        lambda folder: write(
            folder / "test.tsv.gz", odd(made("bitext", seed=2)["rows"], "sentence1", "sentence2")
        ),
    ),
    HubTask(
        "SummEvalSummarization.v2",
        "mteb/summeval",
        "cda12ad7615edc362dbf25a00fdd61d3b1eaf93c",
        "summarization",
        "cosine_spearman",
        _summaries,
    ),
    HubTask(
        "SciFact",
        "mteb/scifact",
        "d56462d0e63a25450459c4f213e49ffdb866f7f9",
        "retrieval",
        "ndcg_at_10",
        _ranked("retrieval"),
    ),
    HubTask(
        "MIRACLRetrieval",
        "mteb/MIRACLRetrieval",
        "9c09abc13478308c27598f350e31d8f06b9b5481",
        "retrieval",
        "ndcg_at_10",
        _ranked("retrieval", "ar", "bn"),
        ("ar", "bn"),
        ("dev",),
    ),
    HubTask(
        "AskUbuntuDupQuestions",
        "mteb/AskUbuntuDupQuestions",
        "c5691e3c48741d5f83b5cc8e630653d7a8cfc048",
        "reranking",
        "map_at_1000",
        _ranked("reranking"),
    ),
    HubTask(
        "IFIRNFCorpus",
        "if-ir/nfcorpus",
        "3520715",
        "instruction_retrieval",
        "ndcg_at_20",
        _ranked("instruction_retrieval"),
    ),
    HubTask(
        "Core17InstructionRetrieval",
        "mteb/Core17InstructionRetrieval",
        "67d8733dd0691f08f34ed9dda5941578cba8d91c",
        "instruction_reranking",
        "p-MRR",
        _ranked("instruction_reranking"),
    ),
    HubTask(
        "LEMBNeedleRetrieval",
        "dwzhu/LongEmbed",
        "6e346642246bfb4928c560ee08640dc84d074e8c",
        "long_context",
        "ndcg_at_1",
        _needles,
        (),
        ("test_256", "test_512"),
        source=_LONG,
    ),
)
