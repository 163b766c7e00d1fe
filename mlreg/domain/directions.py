"""Owns which way a metric is better: as configured, else as stated, else by a table of well-known names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Final

from mlreg.domain.metric import Direction

_UP_NAMES: Final = """
    acc accuracy balanced_accuracy binary_accuracy categorical_accuracy top_k_accuracy exact_match
    precision recall specificity sensitivity ppv npv tpr tnr true_positive_rate true_negative_rate
    positive_predictive_value negative_predictive_value
    f1 f_1 f2 f_2 f0_5 f_0_5 fbeta f_beta f_score f_measure g_mean
    auc auroc rocauc roc_auc auprc aucpr prauc pr_auc average_precision
    map map50 map50_95 mean_average_precision ndcg dcg mrr reciprocal_rank mean_reciprocal_rank hit_rate hits
    mcc matthews_corrcoef kappa cohen_kappa cohens_kappa quadratic_weighted_kappa qwk informedness
    r2 r_2 r_squared adjusted_r2 adj_r2 explained_variance log_likelihood concordance_index c_index
    d2_absolute_error d2_pinball d2_tweedie d2_log_loss d2_brier
    pearson pearsonr pearson_r pearson_correlation spearman spearmanr spearman_r spearman_correlation
    iou miou mean_iou jaccard jaccard_index dice dice_coefficient pixel_accuracy psnr ssim inception_score
    bleu sacrebleu meteor chrf bertscore bert_score kendall_tau
    rouge rouge1 rouge2 rougel rougelsum rouge_1 rouge_2 rouge_l rouge_lsum
    silhouette calinski_harabasz adjusted_rand adjusted_rand_index ari rand_index
    homogeneity completeness v_measure adjusted_mutual_info normalized_mutual_info nmi fowlkes_mallows
    throughput qps rps tps fps tokens_per_second tokens_per_sec requests_per_second queries_per_second
    samples_per_second images_per_second frames_per_second steps_per_second rows_per_second
    predictions_per_second success_rate pass_rate win_rate reward episode_reward
"""
_DOWN_NAMES: Final = """
    loss logloss log_loss mlogloss cross_entropy crossentropy nll negative_log_likelihood neg_log_likelihood
    mse rmse mae mape smape wape wmape mase msle rmsle rmspe medae nrmse deviance aic bic
    error merror error_rate err misclassification_rate wer cer ter eer fpr fnr fdr
    false_positive_rate false_negative_rate false_discovery_rate false_alarm_rate miss_rate failure_rate
    negative_likelihood_ratio hallucination_rate toxicity
    perplexity ppl bpc bpb bits_per_byte bits_per_character bits_per_token
    brier brier_score ece expected_calibration_error davies_bouldin davies_bouldin_score
    kl_divergence js_divergence fid lpips
    latency inference_time prediction_time response_time runtime training_time training_duration train_time
    fit_time score_time time_to_first_token ttft ms_per_token seconds_per_token
    model_size artifact_size file_size binary_size checkpoint_size disk_size package_size
    memory memory_usage memory_footprint peak_memory gpu_memory ram ram_usage cpu_usage
    cost energy_consumption co2_emissions carbon_emissions
"""
# known as a whole only: the test_size is a share of the data
_DOWN_WHOLE_NAMES: Final = """
    size size_bytes size_kb size_mb size_gb size_mib size_gib bytes
"""
_UP_ENDINGS: Final = """
    accuracy auc auroc f1 f1_score precision recall iou dice bleu ndcg throughput
"""
_DOWN_ENDINGS: Final = """
    loss logloss cross_entropy crossentropy error error_rate rmse mse mae mape deviance perplexity
    latency ms milliseconds seconds secs bytes cost memory_usage cpu_usage model_size
"""
_BEFORE: Final = """
    val valid validation test testing train training eval evaluation dev holdout cv oof
    macro micro weighted mean avg average median overall final best
"""
# `at` as in recall_at_10, `p` as in latency_p95
_AFTER: Final = """
    val valid validation test train eval macro micro weighted samples binary ovr ovo mean avg average median
    at p ms s sec secs seconds us b kb mb gb kib mib gib pct percent usd eur rps qps
"""
# with one of these a name tells of a setting, a spread or a rate: more may be better or worse
_NEUTRAL: Final = """
    baseline bias budget data dataset delta interval limit per required std stop target threshold timeout
    tolerance uptime weight window
"""

_TABLE: Final[Mapping[str, Direction]] = {
    **dict.fromkeys((f"{name}_score" for name in _UP_NAMES.split()), "up"),
    **dict.fromkeys(_UP_NAMES.split(), "up"),
    **dict.fromkeys(_DOWN_NAMES.split(), "down"),
}
_ENDINGS: Final[Mapping[str, Direction]] = {
    **dict.fromkeys(_UP_ENDINGS.split(), "up"),
    **dict.fromkeys(_DOWN_ENDINGS.split(), "down"),
}
_WHOLE: Final = frozenset(_DOWN_WHOLE_NAMES.split())
_BEFORE_WORDS: Final = frozenset(_BEFORE.split())
_AFTER_WORDS: Final = frozenset(["", *_AFTER.split()])
_NEUTRAL_WORDS: Final = frozenset(_NEUTRAL.split())
_SIGNED: Final = ["mean", "error"]

_CUT: Final = re.compile(r"@.*", re.DOTALL)
_BETWEEN: Final = re.compile(r"[\W_]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBER: Final = re.compile(r"[0-9]+$")


def direction_of(name: str, *, stated: Direction | None, configured: Mapping[str, Direction]) -> Direction | None:
    """Returns which way the metric `name` is better, None where nobody said so and it is not well known.

    Args:
        stated: What was stated with the metric.
        configured: What was configured, by name; it goes before `stated`.
    """
    return configured.get(name) or stated or known_direction(name)


def known_direction(name: str) -> Direction | None:
    """Returns which way the metric is better as far as its name tells; never a guess.

    `val_accuracy`, `F1-Score (macro)`, `ndcg@10`, `errorRate` and `latency_p95_ms` are known by their parts,
    which end at word borders: `closs` and `map_size` are not.
    """
    cut = _CUT.sub("", name)
    return _of_words(_words(cut)) or _of_words(_words(_HUMP.sub("_", cut)))


def _words(name: str) -> list[str]:
    return _BETWEEN.sub("_", name.lower()).strip("_").split("_")


def _of_words(words: list[str]) -> Direction | None:
    if "_".join(words) in _WHOLE:
        return "down"
    if words[-2:] == _SIGNED:
        return None
    shorter = list(_shorter(words))
    named = next((_TABLE["_".join(part)] for part in shorter if "_".join(part) in _TABLE), None)
    if named is None and "neg" in words:
        return _of_negated(words, words.index("neg"))
    if named is None and _NEUTRAL_WORDS.isdisjoint(words):
        return next(filter(None, map(_of_ending, shorter)), None)
    return named


def _shorter(words: list[str]) -> Iterator[list[str]]:
    """Yields the name with ever fewer of the words at its ends that tell where or in what it was taken."""
    before = len(list(takewhile(_BEFORE_WORDS.__contains__, words)))
    after = len(list(takewhile(_AFTER_WORDS.__contains__, map(_without_number, reversed(words)))))
    for start in range(before + 1):
        for end in range(len(words), max(start, len(words) - after - 1), -1):
            yield words[start:end]


def _without_number(word: str) -> str:
    return _NUMBER.sub("", word)


def _of_negated(words: list[str], at: int) -> Direction | None:
    # scikit-learn negates errors only; neg_precision is the precision of a class
    is_error = _BEFORE_WORDS.issuperset(words[:at]) and _of_words(words[at + 1 :]) == "down"
    return "up" if is_error else None


def _of_ending(words: list[str]) -> Direction | None:
    if len(words) < 2:
        return None
    return _ENDINGS.get(words[-1]) or _ENDINGS.get("_".join(words[-2:]))
