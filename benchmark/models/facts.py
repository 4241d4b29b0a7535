"""What model families need and their own configuration does not say: prompts, length, pooling.

One line a family; ``source`` is where its owners say it: a model card on huggingface.co, or a
paper. The same facts are those with which mteb 2.26.24 loads these models, which
``tests/oracle/test_prompts.py`` compares string by string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Facts:
    """A family: patterns of lower-case ``org/model``, and what is true of all its members.

    ``prompts`` are named as ``resolve_prompt`` looks them up. ``template`` is how an
    instruction-tuned model is told its task; it reaches documents only with ``on_documents``.
    """

    names: tuple[str, ...]
    source: str
    prompts: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    on_documents: bool = False
    bare: str = ""
    """What an instruction-tuned model wants before a text without instruction."""
    max_tokens: int | None = None
    pooling: str | None = None
    normalize: bool | None = None


_E5 = {"query": "query: ", "document": "passage: "}
_QUERY = {"query": "query: "}
_SEARCH = {"query": "Represent this sentence for searching relevant passages: "}
_SEARCH_ZH = {"query": "为这个句子生成表示以用于检索相关文章："}  # noqa: RUF001
_SIMILAR = "classification: "
_NOMIC_TYPES = {
    "Classification": _SIMILAR,
    "MultilabelClassification": _SIMILAR,
    "Clustering": "clustering: ",
    "PairClassification": _SIMILAR,
    "Reranking": _SIMILAR,
    "STS": _SIMILAR,
    "Summarization": _SIMILAR,
    "query": "search_query: ",
    "document": "search_document: ",
}
_NOMIC = {**_NOMIC_TYPES, "*": "search_document: "}
_RERANKED = {"Reranking-query": "search_query: ", "Reranking-document": "search_document: "}
_RURI_V3 = {
    "Retrieval-query": "検索クエリ: ",
    "Retrieval-document": "検索文書: ",
    "Reranking-query": "検索クエリ: ",
    "Reranking-document": "検索文書: ",
    "Classification": "トピック: ",
    "Clustering": "トピック: ",
}
_FRIDA = {
    **_NOMIC_TYPES,
    **_RERANKED,
    "Classification": "categorize: ",
    "MultilabelClassification": "categorize: ",
    "Clustering": "categorize_topic: ",
    "PairClassification": "paraphrase: ",
    "Reranking": "paraphrase: ",
    "STS": "paraphrase: ",
    "Summarization": "categorize: ",
}
_SEARCHMAP = "Generate a representation for this text that can be used for {}:"
_SEARCHMAP_TYPES = {
    "Classification": _SEARCHMAP.format("classification"),
    "Clustering": _SEARCHMAP.format("clustering"),
    "Retrieval": _SEARCHMAP.format("retrieval"),
    "STS": _SEARCHMAP.format("semantic similarity"),
    "PairClassification": _SEARCHMAP.replace("text", "text pair", 1).format("classification"),
    "Reranking": _SEARCHMAP.format("reranking"),
    "Summarization": _SEARCHMAP.format("summarization"),
}
_SIMILARITY = "task: semantic similarity | query: "
_SAGA = {
    "STS": _SIMILARITY,
    "Summarization": _SIMILARITY,
    "Reranking": _SIMILARITY,
    "BitextMining": _SIMILARITY,
    "Classification": "task: classification | query: ",
    "Clustering": "task: clustering | query: ",
    "Retrieval-query": "task: search result | query: ",
    "Retrieval-document": "title: none | text: ",
}
_INSTRUCT = "Instruct: {instruction}\nQuery: "
_INSTRUCT_TIGHT = "Instruct: {instruction}\nQuery:"

_CARD = "model card of "

FAMILIES: tuple[Facts, ...] = (
    # E5: prefixes are required, also where texts are symmetric they are "query: " by the card;
    # mteb gives none without a role, and so do we.
    Facts(
        ("intfloat/e5-small*", "intfloat/e5-base*", "intfloat/e5-large*"),
        "arXiv:2212.03533 and " + _CARD + "intfloat/e5-base-v2",
        _E5,
        max_tokens=512,
        pooling="mean",
        normalize=True,
    ),
    Facts(
        ("intfloat/multilingual-e5-small", "intfloat/multilingual-e5-base"),
        "arXiv:2402.05672",
        _E5,
        max_tokens=512,
        pooling="mean",
        normalize=True,
    ),
    Facts(
        ("intfloat/multilingual-e5-large",),
        "arXiv:2402.05672",
        _E5,
        max_tokens=512,
        pooling="mean",
        normalize=True,
    ),
    Facts(
        ("intfloat/multilingual-e5-large-instruct",),
        _CARD + "intfloat/multilingual-e5-large-instruct",
        template=_INSTRUCT,
        max_tokens=512,
        pooling="mean",
        normalize=True,
    ),
    Facts(
        ("intfloat/e5-mistral-7b-instruct",),
        "arXiv:2401.00368",
        template=_INSTRUCT,
        max_tokens=4096,
        pooling="eos",
        normalize=True,
    ),
    Facts(("beastyz/e5-r-mistral-7b",), _CARD + "BeastyZ/e5-R-mistral-7b",
          template="{instruction}\n", on_documents=True, pooling="eos", normalize=True),
    Facts(("mcgill-nlp/afrie5-large-instruct",), _CARD + "McGill-NLP/AfriE5-Large-instruct",
          template=_INSTRUCT, on_documents=True, max_tokens=512, pooling="mean", normalize=True),
    Facts(("zeta-alpha-ai/zeta-alpha-e5-mistral",), _CARD + "zeta-alpha-ai/Zeta-Alpha-E5-Mistral",
          template=_INSTRUCT, pooling="eos", normalize=True),
    Facts(("clips/e5-*-trm-nl",), _CARD + "clips/e5-base-trm-nl", _E5, max_tokens=512,
          pooling="mean"),
    Facts(("nlpai-lab/koe5",), _CARD + "nlpai-lab/KoE5", _E5, max_tokens=512, pooling="mean"),
    Facts(("dragonkue/multilingual-e5-small-ko*", "exp-models/dragonkue-koen-e5-tiny"),
          _CARD + "dragonkue/multilingual-e5-small-ko", _E5, max_tokens=512, pooling="mean"),
    Facts(("kazalbrur/bangla-embed-e5-small-banglish",),
          _CARD + "kazalbrur/bangla-embed-e5-small-banglish", _E5, max_tokens=512, pooling="mean"),
    Facts(("deepvk/user-base",), _CARD + "deepvk/USER-base", _E5, max_tokens=512),
    Facts(("manveertamber/cadet-embed-base-v1",), _CARD + "manveertamber/cadet-embed-base-v1",
          _E5, max_tokens=512),
    # BGE: the instruction stands before queries of retrieval only.
    Facts(("baai/bge-*-en", "baai/bge-*-en-v1.5"), "arXiv:2309.07597", _SEARCH, max_tokens=512,
          pooling="cls", normalize=True),
    Facts(("baai/bge-*-zh", "baai/bge-*-zh-v1.5"), "arXiv:2309.07597", _SEARCH_ZH, max_tokens=512,
          pooling="cls", normalize=True),
    Facts(("baai/bge-m3", "baai/bge-m3-unsupervised"), "arXiv:2402.03216", max_tokens=8192,
          pooling="cls", normalize=True),
    # GTE: none of the encoders is prompted, the decoders are instructed.
    Facts(("thenlper/gte-*",), "arXiv:2308.03281", max_tokens=512, pooling="mean", normalize=True),
    Facts(("alibaba-nlp/gte-base-en-v1.5", "alibaba-nlp/gte-large-en-v1.5",
           "alibaba-nlp/gte-multilingual-base"), "arXiv:2407.19669", max_tokens=8192,
          pooling="cls", normalize=True),
    Facts(("alibaba-nlp/gte-modernbert-base",), _CARD + "Alibaba-NLP/gte-modernbert-base",
          max_tokens=8192, pooling="cls"),
    Facts(("alibaba-nlp/gte-qwen*-instruct",), _CARD + "Alibaba-NLP/gte-Qwen2-7B-instruct",
          template=_INSTRUCT, max_tokens=32768, pooling="eos", normalize=True),
    Facts(("qwen/qwen3-embedding-*",), "arXiv:2506.05176", template=_INSTRUCT_TIGHT,
          max_tokens=32768, pooling="eos", normalize=True),
    Facts(("aq-medai/diver-retriever-*",), _CARD + "AQ-MedAI/Diver-Retriever-4B",
          template=_INSTRUCT_TIGHT, max_tokens=32768, pooling="eos", normalize=True),
    Facts(("yale-nlp/rtriever-4b",), _CARD + "yale-nlp/RTriever-4B", template=_INSTRUCT_TIGHT,
          pooling="eos", normalize=True),
    Facts(("salesforce/sfr-embedding-code-2b_r",), _CARD + "Salesforce/SFR-Embedding-Code-2B_R",
          template=_INSTRUCT, max_tokens=8192, pooling="eos", normalize=True),
    Facts(("salesforce/sfr-embedding-mistral", "salesforce/sfr-embedding-2_r"),
          _CARD + "Salesforce/SFR-Embedding-Mistral",
          template=_INSTRUCT, max_tokens=4096, pooling="eos", normalize=True),
    Facts(("linq-ai-research/linq-embed-mistral",), _CARD + "Linq-AI-Research/Linq-Embed-Mistral",
          template=_INSTRUCT, pooling="eos", normalize=True),
    Facts(("geogpt-research-project/geoembedding",), _CARD + "GeoGPT-Research-Project/GeoEmbedding",
          template=_INSTRUCT, pooling="eos", normalize=True),
    Facts(("petegordon/olmo3-embed-7b",), _CARD + "petegordon/olmo3-embed-7b", template=_INSTRUCT,
          max_tokens=512),
    Facts(("ieityuan/yuan-embedding-2.0-en",), _CARD + "IEITYuan/Yuan-embedding-2.0-en",
          template=_INSTRUCT_TIGHT, max_tokens=2048, pooling="eos", normalize=True),
    Facts(("gritlm/gritlm-*",), "arXiv:2402.09906",
          template="<|user|>\n{instruction}\n<|embed|>\n", on_documents=True, bare="<|embed|>\n",
          pooling="mean", normalize=True),
    # nomic: a text is always announced; what has no name of its own is a document.
    Facts(("nomic-ai/nomic-embed-text-v1*",), "arXiv:2402.01613", _NOMIC, max_tokens=8192,
          pooling="mean", normalize=True),
    Facts(("nomic-ai/modernbert-embed-base",), _CARD + "nomic-ai/modernbert-embed-base", _NOMIC,
          max_tokens=8192, pooling="mean", normalize=True),
    Facts(("nomic-ai/nomic-embed-text-v2-moe",), "arXiv:2502.07972", _NOMIC, max_tokens=512,
          pooling="mean", normalize=True),
    Facts(("nomic-ai/nomic-embed-code",), "arXiv:2412.01007", _NOMIC_TYPES, max_tokens=32768,
          pooling="eos", normalize=True),
    Facts(("jxm/cde-small-v*",), "arXiv:2410.02525", _NOMIC_TYPES, max_tokens=512, pooling="mean"),
    Facts(("fyaronskiy/english_code_retriever",), _CARD + "fyaronskiy/english_code_retriever",
          {"query": "search_query: ", "document": "search_document: "}, max_tokens=8192),
    # Snowflake arctic, mixedbread and their descendants ask queries with BGE's words.
    Facts(("snowflake/snowflake-arctic-embed-xs", "snowflake/snowflake-arctic-embed-s",
           "snowflake/snowflake-arctic-embed-m", "snowflake/snowflake-arctic-embed-l",
           "snowflake/snowflake-arctic-embed-m-v1.5"), "arXiv:2405.05374", _SEARCH,
          max_tokens=512, pooling="cls", normalize=True),
    Facts(("snowflake/snowflake-arctic-embed-m-long",), "arXiv:2405.05374", _SEARCH,
          max_tokens=2048, pooling="cls", normalize=True),
    Facts(("snowflake/snowflake-arctic-embed-*-v2.0",), "arXiv:2412.04506", _QUERY,
          max_tokens=8192, pooling="cls", normalize=True),
    Facts(("dragonkue/snowflake-arctic-embed-l-v2.0-ko",),
          _CARD + "dragonkue/snowflake-arctic-embed-l-v2.0-ko", _QUERY, max_tokens=8192,
          pooling="cls", normalize=True),
    Facts(("telepix/pixie-rune-v1.*",), _CARD + "telepix/PIXIE-Rune-v1.0", _QUERY, pooling="cls",
          normalize=True),
    Facts(("mixedbread-ai/mxbai-embed-large-v1", "mixedbread-ai/mxbai-embed-2d-large-v1"),
          _CARD + "mixedbread-ai/mxbai-embed-large-v1", _SEARCH, max_tokens=512, pooling="cls"),
    Facts(("mixedbread-ai/mxbai-embed-xsmall-v1",), _CARD + "mixedbread-ai/mxbai-embed-xsmall-v1",
          max_tokens=512, pooling="mean"),
    Facts(("mongodb/mdbr-leaf-*",), _CARD + "MongoDB/mdbr-leaf-ir", _SEARCH, max_tokens=512),
    Facts(("whereisai/uae-large-v1",), "arXiv:2309.12871", _SEARCH, max_tokens=512, pooling="cls"),
    Facts(("avsolatorio/gist-*", "avsolatorio/noinstruct-small-*"), "arXiv:2402.16829",
          max_tokens=512, pooling="cls", normalize=True),
    # Japanese and Russian families with words of their own.
    Facts(("cl-nagoya/ruri-small*", "cl-nagoya/ruri-base*", "cl-nagoya/ruri-large*"),
          "arXiv:2409.07737", {"query": "クエリ: ", "document": "文章: "}, max_tokens=512,
          pooling="mean"),
    Facts(("cl-nagoya/ruri-v3-*",), "arXiv:2409.07737", _RURI_V3, max_tokens=8192, pooling="mean"),
    Facts(("ai-forever/ru-en-rosberta",), "arXiv:2408.12503", {**_NOMIC_TYPES, **_RERANKED},
          max_tokens=512, pooling="cls", normalize=True),
    Facts(("ai-forever/frida",), _CARD + "ai-forever/FRIDA", _FRIDA, max_tokens=512,
          pooling="cls", normalize=True),
    Facts(("deepvk/user2-*",), _CARD + "deepvk/USER2-base",
          {**_NOMIC_TYPES, **_RERANKED, "Summarization": "clustering: "}, max_tokens=8192),
    Facts(("vplabs/searchmap_preview",), _CARD + "VPLabs/SearchMap_Preview", _SEARCHMAP_TYPES,
          max_tokens=8192),
    Facts(("nga-kr/ko-embed-v0",), _CARD + "NGA-KR/ko-embed-v0", _QUERY, max_tokens=512),
    Facts(("nicher92/saga-embed_v1",), _CARD + "nicher92/saga-embed_v1", _SAGA, max_tokens=512),
    # No prompts: what the bare transformer is missing is the pooling.
    Facts(("sentence-transformers/all-minilm-*",), _CARD + "sentence-transformers/all-MiniLM-L6-v2",
          max_tokens=256, pooling="mean", normalize=True),
    Facts(("sentence-transformers/all-mpnet-base-v*",),
          _CARD + "sentence-transformers/all-mpnet-base-v2", max_tokens=384, pooling="mean",
          normalize=True),
    Facts(("jinaai/jina-embeddings-v2-*",), "arXiv:2310.19923", max_tokens=8192, pooling="mean"),
    Facts(("facebook/contriever*",), "arXiv:2112.09118", max_tokens=512, pooling="mean"),
    Facts(("princeton-nlp/*sup-simcse-*",), "arXiv:2104.08821", max_tokens=512, pooling="cls"),
    Facts(("muennighoff/sgpt-*", "bigscience/sgpt-*"), "arXiv:2202.08904", pooling="weighted"),
    Facts(("moka-ai/m3e-*",), _CARD + "moka-ai/m3e-base", max_tokens=512, pooling="mean"),
    Facts(("shibing624/text2vec-*",), _CARD + "shibing624/text2vec-base-chinese", pooling="mean"),
)  # fmt: skip


def facts_of(name: str) -> Facts | None:
    """The family of a model's name, or None.

    >>> facts_of("intfloat/e5-base-v2").prompts["document"]
    'passage: '
    >>> facts_of("sentence-transformers/LaBSE") is None
    True
    """
    lower = name.lower()
    return next(
        (
            facts
            for facts in FAMILIES
            if any(fnmatchcase(lower, pattern) for pattern in facts.names)
        ),
        None,
    )
