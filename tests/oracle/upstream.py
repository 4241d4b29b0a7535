"""What is wrong or arbitrary in mteb 2.26.24, as found by the comparisons: text for the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect upstream: the file and function of mteb, what happens, and what we do and why."""

    name: str
    where: str
    what: str
    ours: str
    switch: str = "none"


@dataclass(frozen=True, slots=True)
class Loosened:
    """Numbers that are held to less than the usual tolerance, and why."""

    numbers: str
    reason: str


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "Ties beyond the top k are broken at will",
        "models/search_wrappers.py, chunked_full_corpus_search",
        "torch.topk chooses the candidates of a query; among equal similarities it takes any, by "
        "its kernel and the size of the block, and only then are ties put in order of document id. "
        "With more than top_k (1,000) documents of equal similarity the scores depend on the build "
        "of torch.",
        "By document id descending over the whole corpus, as trec_eval orders equal scores. Given "
        "mteb's own candidates all scores agree.",
        "none; duplicated documents are counted in the result, and the main score's expectation "
        "over all orders of ties stands beside it (`..._tied_expectation`)",
    ),
    Defect(
        "The nearest translation among equals is chosen at will",
        "_evaluators/text/bitext_mining_evaluator.py, BitextMiningEvaluator._similarity_search",
        "torch.topk with k = 1 takes any of several equally similar sentences.",
        "The first of them in the table.",
    ),
    Defect(
        "An nAUC of a score that is the same for all queries is noise",
        "_evaluators/retrieval_metrics.py, nauc",
        "Where every query has the same score the areas of the curve, the oracle and the flat line "
        "are equal and no nAUC exists: NaN is meant. The means are summed in floating point, so "
        "that two areas often differ in the last place; their quotient (1.0, 2.0, -1.0 in our "
        "comparisons) is written as a score.",
        "NaN, decided on the scores themselves.",
    ),
    Defect(
        "The deviation of a query's similarities depends on a heap",
        "_evaluators/retrieval_metrics.py, confidence_scores",
        "The standard deviation is summed in the order in which a heap happened to hold the "
        "documents. Queries with the same similarities get deviations that differ in the last "
        "place, and the nAUC by deviation orders them at will.",
        "Summed from the best to the worst, so that equal queries are equal.",
    ),
    Defect(
        "A subset run alone scores differently",
        "abstasks/abstask.py, AbsTask.__init__ (rng_state, np_rng); abstasks/clustering.py and "
        "abstasks/multilabel_classification.py draw from them",
        "One generator runs on through splits and subsets in the order in which they are run. The "
        "same subset of the same task has another score when it is run alone, or resumed.",
        "Every split and subset is drawn for, in the declared order, whatever is run; each scores "
        "what it scores in a full run of mteb.",
    ),
    Defect(
        "One NaN passes unnoticed",
        "models/search_wrappers.py, chunked_full_corpus_search; "
        "_evaluators/text/bitext_mining_evaluator.py; "
        "_evaluators/zeroshot_classification_evaluator.py; "
        "_evaluators/text/summarization_evaluator.py",
        "Retrieval, bitext mining and zero-shot classification rank NaN first and write ordinary "
        "scores; summarization writes NaN. The other kinds stop without a row (see the table).",
        "An error in one line that names the request and the first row; other tasks go on.",
    ),
    Defect(
        "A correlation that does not exist is written as NaN",
        "abstasks/sts.py, AbsTaskSTS._calculate_scores; the same in regression and summarization",
        "All similarities equal, as a broken model gives: NaN, and so is every mean over tasks.",
        "0, and the metric is named in the result's `degenerate`: no information, no correlation.",
    ),
    Defect(
        "The model's own similarity depends on the processor",
        "similarity_functions.py, pairwise_dot_score and pairwise_cos_sim",
        "Sums in float32 in the order of torch's kernel. Pairs that nearly tie change ranks, so "
        "that `spearman` and `similarity_*` move in the fifth decimal between machines.",
        "The sum is taken in float64 and rounded once. Given the same similarities all scores "
        "agree to 1e-6 (test_own_similarity.py).",
    ),
    Defect(
        "Scores are rounded before they are written",
        "_evaluators/retrieval_metrics.py, parse_metrics_from_scores",
        "Means of nDCG, MAP, recall (and so accuracy), precision and hit rate are rounded to five "
        "decimals; MRR and nAUC are not.",
        "Written in full.",
    ),
    Defect(
        "The last row of some folds is never drawn",
        "abstasks/classification.py, AbsTaskClassification._evaluate_subset_cross_validation",
        "The shuffled order of one fold's train rows is handed on to the next fold, which may have "
        "one row more; that row is never drawn to train on.",
        "Kept: the draws are the protocol, and scores would differ.",
    ),
    Defect(
        "Average precision ranks by the predicted label",
        "abstasks/classification.py, AbsTaskClassification._calculate_scores; "
        "abstasks/multilabel_classification.py for lrap",
        "`ap` and `lrap` are given 0 and 1, not probabilities, so that they hold no ranking.",
        "Kept under mteb's names; they are never our main score unless a task file asks.",
    ),
    Defect(
        "Two zero vectors are equal, or not at all",
        "_evaluators/any_sts_evaluator.py, AnySTSEvaluator.__call__",
        "`cosine_*` comes from scikit-learn, where two zero vectors have cosine 1, and the model's "
        "own from torch, where it is 0.",
        "Kept, both.",
    ),
    Defect(
        "A hamming score is a Jaccard index",
        "_evaluators/classification_metrics.py, hamming_score",
        "What is called the share of labels predicted rightly is the intersection over the union.",
        "Kept under mteb's name, and said in the docstring.",
    ),
    Defect(
        "Summarization fails on a model with a Euclidean similarity",
        "_evaluators/text/summarization_evaluator.py, SummarizationEvaluator.__call__",
        "The similarity of two single vectors is asked for; torch.cdist takes none and stops.",
        "Scored, by the negative distance.",
    ),
    Defect(
        "A regression on denormal or float16 vectors",
        "abstasks/regression.py, AbsTaskRegression; scikit-learn's LinearRegression in the "
        "vectors' own type",
        "Least squares in float32 predict NaN from denormal numbers, and the task stops; float16 "
        "vectors give predictions, and an R2, in float16.",
        "Vectors are float32 by contract, and the estimator is given that.",
    ),
    Defect(
        "Zero-shot classification of two labels expects 0 and 1",
        "abstasks/zeroshot_classification.py, AbsTaskZeroShotClassification._calculate_scores",
        "The average precision is computed for the second candidate whichever two labels occur; "
        "labels other than 0 and 1 stop the task.",
        "Of label 1 where it occurs, else of the greater of the two.",
    ),
)

LOOSENED: tuple[Loosened, ...] = (
    Loosened(
        "`nauc_*_std` on ties",
        "queries whose similarities are the same; upstream their deviations differ in the last "
        "place (see the defect).",
    ),
    Loosened(
        "any nAUC that is NaN for us as the score is the same for all queries",
        "upstream it is a quotient of rounding errors (see the defect).",
    ),
    Loosened(
        "`spearman`, `pearson` and `similarity_*`, and a `max_*` that is one of them",
        "the model's own similarity on real vectors, 2e-4, 5e-6 and 1e-2: torch's float32 sums "
        "split pairs that nearly tie, of which there are most in Chinese, where texts become the "
        "same unknown tokens. Given the same similarities, which agree to 5e-7, the same "
        "scores are held to 1e-6 (`scores_of_our_similarity` above).",
    ),
    Loosened(
        "`spearman`, `pearson` and `cosine_*` of STS on a line, on zero and on denormal vectors",
        "most pairs tie exactly at 1, 0 or -1, and rounding alone splits them: 1e-3; up to 1 in "
        "one dimension.",
    ),
    Loosened("`r2` of float16 vectors", "1e-3; upstream it is computed in float16."),
)
