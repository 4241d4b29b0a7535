"""What is wrong or arbitrary in mteb 2.26.24, as found by the comparisons: text for the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect upstream: the file and function of mteb, what happens, what we do, and why.

    ``switch`` says what gives the other number: mteb's where ours differs by default, the right one
    where we keep the defect. ``ours`` begins with one of these two words, or with "No number".
    """

    name: str
    where: str
    what: str
    ours: str
    switch: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loosened:
    """Numbers that are held to less than the usual tolerance, and why."""

    numbers: str
    reason: str


_ALL = '`upstream_defects = "all"` in `[options]`'
_NONE = '`upstream_defects = "none"` in `[options]`'

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "Ties beyond the top k are broken at will",
        "models/search_wrappers.py, chunked_full_corpus_search",
        "torch.topk chooses the candidates of a query; among equal similarities it takes any, by "
        "its kernel and the size of the block, and only then are ties put in order of document id. "
        "With more than top_k (1,000) documents of equal similarity the scores depend on the build "
        "of torch.",
        "Differs: by document id descending over the whole corpus.",
        f"{_ALL}: torch chooses as it does for mteb (extra `torch`).",
        "trec_eval orders equal scores so, and a score may not depend on a build. Duplicated "
        "documents are counted in the result, and the main score's expectation over all orders of "
        "ties stands beside it (`..._tied_expectation`).",
    ),
    Defect(
        "The nearest translation among equals is chosen at will",
        "_evaluators/text/bitext_mining_evaluator.py, BitextMiningEvaluator._similarity_search",
        "torch.topk with k = 1 takes any of several equally similar sentences.",
        "Differs: the first of them in the table.",
        f"{_ALL}: the one that torch takes (extra `torch`).",
        "A score may not depend on a build.",
    ),
    Defect(
        "The first result that is skipped is any of those that tie",
        "_evaluators/retrieval_metrics.py, calculate_retrieval_scores (skip_first_result)",
        "The results are sorted by score alone, so that of documents that tie for the first place "
        "the one is left out that a heap happened to hold first.",
        "Differs: the one with the greatest document id, which stands first in every ranking.",
        "None: which one it is depends on the order in which torch.topk hands over equal "
        "similarities.",
        "The same order everywhere.",
    ),
    Defect(
        "An nAUC of a score that is the same for all queries is noise",
        "_evaluators/retrieval_metrics.py, nauc",
        "Where every query has the same score the areas of the curve, the oracle and the flat line "
        "are equal and no nAUC exists: NaN is meant. The means are summed in floating point, so "
        "that two areas often differ in the last place; their quotient (1.0, 2.0, -1.0 in our "
        "comparisons) is written as a score.",
        "Differs: NaN, decided on the scores themselves.",
        "None: a quotient of two rounding errors is no function of the scores.",
        "What does not exist is not written.",
    ),
    Defect(
        "The deviation of a query's similarities depends on a heap",
        "_evaluators/retrieval_metrics.py, confidence_scores",
        "The standard deviation is summed in the order in which a heap happened to hold the "
        "documents. Queries with the same similarities get deviations that differ in the last "
        "place, and the nAUC by deviation orders them at will.",
        "Differs: summed from the best to the worst.",
        "None: the heap depends on the order in which torch.topk hands over equal similarities.",
        "Equal queries are equal.",
    ),
    Defect(
        "A subset run alone scores differently",
        "abstasks/abstask.py, AbsTask.__init__ (rng_state, np_rng); abstasks/clustering.py and "
        "abstasks/multilabel_classification.py draw from them",
        "One generator runs on through splits and subsets in the order in which they are run. The "
        "same subset of the same task has another score when it is run alone, or resumed.",
        "Differs: every split and subset is drawn for, in the declared order, whatever is run; "
        "each scores what it scores in a full run of mteb.",
        "A task file of its own: one that declares that subset alone (`extends`, with its own "
        "`[subsets]` and `splits`) scores what mteb gives for it alone.",
        "One task has one score.",
    ),
    Defect(
        "One NaN passes unnoticed",
        "models/search_wrappers.py, chunked_full_corpus_search; "
        "_evaluators/text/bitext_mining_evaluator.py; "
        "_evaluators/zeroshot_classification_evaluator.py; "
        "_evaluators/text/summarization_evaluator.py",
        "Retrieval, bitext mining and zero-shot classification rank NaN first and write ordinary "
        "scores; summarization writes NaN. The other kinds stop without a row (see the table).",
        "No number: an error in one line that names the request and the first row; other tasks go "
        "on.",
        "None: there is nothing to score.",
        "A broken vector is the model's fault, and its score would look like any other.",
    ),
    Defect(
        "A correlation that does not exist is written as NaN",
        "abstasks/sts.py, AbsTaskSTS._calculate_scores; abstasks/regression.py (kendalltau); "
        "_evaluators/text/summarization_evaluator.py",
        "All similarities or predictions equal, as a broken model gives: NaN, and so is every mean "
        "over experiments and tasks.",
        "Differs: 0, and the metric is named in the result's `degenerate`.",
        f"{_ALL}: NaN; as a main score it is then null, with an error.",
        "No information is no correlation, and a broken model should not drop out of a mean.",
    ),
    Defect(
        "The model's own similarity depends on the processor",
        "similarity_functions.py, pairwise_dot_score and pairwise_cos_sim",
        "Sums in float32 in the order of torch's kernel. Pairs that nearly tie change ranks, so "
        "that `spearman` and `similarity_*` move in the fifth decimal between machines.",
        "Differs: the sum is taken in float64 and rounded once. Given the same similarities all "
        "scores agree to 1e-6 (test_own_similarity.py).",
        f"{_ALL}: torch sums as it does for mteb (extra `torch`).",
        "The same score on every machine.",
    ),
    Defect(
        "Scores are rounded before they are written",
        "_evaluators/retrieval_metrics.py, parse_metrics_from_scores",
        "Means of nDCG, MAP, recall (and so accuracy), precision and hit rate are rounded to five "
        "decimals; MRR and nAUC are not.",
        "Differs: written in full.",
        f"{_ALL}: rounded.",
        "Means over tasks, differences and intervals are made of them.",
    ),
    Defect(
        "The last row of some folds is never drawn",
        "abstasks/classification.py, AbsTaskClassification._evaluate_subset_cross_validation",
        "The shuffled order of one fold's train rows is handed on to the next fold, which may have "
        "one row more; that row is never drawn to train on.",
        "Kept.",
        f"{_NONE}: each fold shuffles its own rows.",
        "The draws are the protocol: scores would differ.",
    ),
    Defect(
        "Average precision ranks by the predicted label",
        "abstasks/classification.py, AbsTaskClassification._calculate_scores; "
        "abstasks/multilabel_classification.py for lrap",
        "`ap` and `lrap` are given 0 and 1, not probabilities, so that they hold no ranking "
        "(except of a MultiOutputClassifier).",
        "Kept.",
        f"{_NONE}: by the estimator's probabilities, or its decision function.",
        "Published scores hold it; `ap` is never our main score unless a task file asks.",
    ),
    Defect(
        "A zero vector has a cosine of 0.5 with any other, and of 1 with another zero vector",
        "_evaluators/any_sts_evaluator.py, AnySTSEvaluator.__call__",
        "`cosine_*` comes from scikit-learn's paired_cosine_distances, half the squared distance "
        "of the normalised vectors; the model's own cosine comes from torch, where it is 0.",
        "Kept: both.",
        f"{_NONE}: 0 in `cosine_*` too.",
        "Published scores hold it, and a model without zero vectors does not see it.",
    ),
    Defect(
        "A hamming score is a Jaccard index",
        "_evaluators/classification_metrics.py, hamming_score",
        "What is called the share of labels predicted rightly is the intersection over the union.",
        "Kept: under mteb's name, and said in the docstring.",
        f"{_NONE}: the share of labels predicted rightly.",
        "A name of mteb's has mteb's value.",
    ),
    Defect(
        "A regression computes in float32",
        "abstasks/regression.py, AbsTaskRegression; scikit-learn's LinearRegression in the "
        "vectors' own type",
        "Least squares and R2 of float32 vectors are computed in float32, of float16 ones R2 in "
        "float16. From denormal numbers least squares predict NaN, and the task stops.",
        "Kept: for float32; vectors are float32 by contract, so that there is no float16 to keep.",
        f"{_NONE}: estimators are fitted on float64.",
        "The fifth decimal of published scores.",
    ),
    Defect(
        "One estimator is fitted again and again",
        "abstasks/classification.py, AbsTaskClassification.evaluator_model (regression alike); "
        "_evaluators/sklearn_evaluator.py",
        "All experiments, splits, subsets and tasks of a process fit one object. With `warm_start` "
        "each starts from the fit before it, so that a score depends on what was run before.",
        "Differs: every experiment fits a copy.",
        f"{_ALL}: the experiments of a part fit one object, in turn, which is mteb's number for "
        "the first part of a task that is run first.",
        "A score may not depend on what else was run. No task of mteb's sets `warm_start`.",
    ),
    Defect(
        "Seeds of nested estimators are ignored",
        "abstasks/classification.py, AbsTaskClassification.evaluate",
        "The task's seed is set where the estimator itself has `random_state`, not where one "
        "inside it has, as in `MultiOutputClassifier(RandomForestClassifier())`. That one draws "
        "from numpy's global generator, which is seeded with 42 before each experiment, or for a "
        "multilabel classification when the task is made, and runs on through its parts.",
        "Differs: the task's seed is set at every depth.",
        f"{_ALL}: they draw from the global generator; of a multilabel classification this is "
        "mteb's number for the first part.",
        "The seed of a task should be that of its score. No task of mteb's is concerned: its only "
        "nested estimator draws nothing.",
    ),
    Defect(
        "The bins of a regression's draw depend on pandas",
        "abstasks/regression.py, AbsTaskRegression.stratified_subsampling",
        "Rows are drawn in shares of pandas' qcut, which since pandas 3.0 rounds quantiles up that "
        "binary numbers do not hold; mteb asks for no version. Of 4,467 lists of 11 to 1,499 "
        "numbers 49 were put in other bins by pandas 2.3.3 than by 3.1.1.",
        "Kept: as pandas 3, without pandas.",
        "None: both are mteb's number, and neither is more right.",
        "The version that mteb installs today.",
    ),
    Defect(
        "The estimator that a mock task names is not used",
        "mocks/mock_tasks/classification.py",
        "The mocks set `classifier = LogisticRegression(max_iter=10)`, an attribute that nothing "
        "reads; `evaluator_model` with 100 iterations is fitted. No other task of mteb's sets it.",
        "Kept: the default estimator.",
        "`estimator_parameters = { max_iter = 10 }` in `[options]`: what the mocks mean.",
        "The default is what mteb scores.",
    ),
    Defect(
        "A cache of vectors does not know the model",
        "models/cache_wrappers/cache_wrapper.py, CachedEmbeddingWrapper._get_or_create_cache",
        "Vectors are kept by task, role and text. A second model with the same folder is given the "
        "first one's vectors, and its scores.",
        "No number: our cache is kept by model and revision, and by how a text is prompted.",
        "None: a score is of the model whose name it bears.",
        "A wrong number without a word.",
    ),
    Defect(
        "Summarization fails on a model with a Euclidean similarity",
        "_evaluators/text/summarization_evaluator.py, SummarizationEvaluator.__call__",
        "The similarity of two single vectors is asked for; torch.cdist takes none and stops.",
        "Differs: scored, by the negative distance.",
        "None: mteb has no number.",
        "Nothing to agree with.",
    ),
    Defect(
        "Zero-shot classification of two labels expects a label 1",
        "abstasks/zeroshot_classification.py, AbsTaskZeroShotClassification._calculate_scores",
        "The average precision of two labels is that of label 1; when neither is 1, the task "
        "stops.",
        "Differs: of label 1 where it occurs, else of the greater of the two.",
        "None: mteb has no number.",
        "Nothing to agree with.",
    ),
)

LOOSENED: tuple[Loosened, ...] = (
    Loosened(
        "`nauc_*_std` on ties",
        "queries whose similarities are the same; upstream their deviations differ in the last "
        "place (see the defect).",
    ),
    Loosened(
        "an nAUC that is NaN for us, as the score is the same for all queries, and a number "
        "upstream",
        "it is a quotient of rounding errors (see the defect).",
    ),
    Loosened(
        "`spearman`, `pearson` and `similarity_*`, and a `max_*` that is one of them, by default",
        "the model's own similarity on real vectors, 2e-4, 5e-6 and 1e-2: torch's float32 sums "
        "split pairs that nearly tie, of which there are most in Chinese, where texts become the "
        "same unknown tokens. With mteb's defects switched on they are held to 1e-6.",
    ),
    Loosened(
        "`spearman` and `pearson` of STS on a line, on zero and on denormal vectors, by default",
        "most pairs tie exactly at 1, 0 or -1, and rounding alone splits them: 1e-3; up to 1 in "
        "one dimension. With mteb's defects switched on they are held to 1e-6.",
    ),
    Loosened("`r2` of float16 vectors", "1e-3; upstream it is computed in float16."),
)
