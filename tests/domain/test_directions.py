from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.directions import direction_of, known_direction

UP = """
    accuracy acc balanced_accuracy precision recall f1 f1_score f1-score fbeta_score f0.5 f2 auc AUC roc_auc ROC-AUC
    pr_auc average_precision mcc kappa r2 r2_score R2 explained_variance iou dice bleu rouge1 rouge-l rougeLsum
    ndcg ndcg@10 map mAP mAP@0.5:0.95 mrr hit_rate hit_rate@10 silhouette throughput throughput_rps qps rps
    specificity sensitivity val_accuracy test_accuracy train_accuracy eval/accuracy accuracy_test f1_macro macro_f1
    f1_micro f1_weighted precision@k recall_at_10 precision_1 top_5_accuracy rocAuc F1Score accuracy_score
    neg_mean_squared_error test_neg_log_loss neg_root_mean_squared_error eval_samples_per_second log_likelihood
    roc_auc_ovr_weighted d2_absolute_error_score adjusted_rand_score token_accuracy accuracy_pct
"""
DOWN = """
    loss val_loss val/loss log_loss logLoss logloss validation_0-logloss cross_entropy categorical_crossentropy nll
    mse rmse RMSE mae mape smape rmsle mean_squared_error median_absolute_error max_error error_rate error test_error
    errorRate wer cer perplexity brier brier_score brier_score_loss ece fpr fnr false_positive_rate word_error_rate
    latency latency_ms latency_p95_ms inference_latency inference_latency_p50 inference_latency_p95 p95_latency
    latency@p99 predict_ms load_seconds training_duration size bytes size_mb model_size model_size_mb artifact_bytes
    memory_usage peak_memory_mb cpu_usage cost cost_usd hamming_loss negative_log_likelihood neg_log_likelihood
    eval_runtime fit_time score_time davies_bouldin_score iou_loss accuracy_loss
"""
UNKNOWN = """
    score ratio support n_estimators coverage temperature closs map_size test_size train_size batch_size dataset_size
    training_data_size training_data_bytes image_size num_features learning_rate dropout_rate weight_decay epoch p95
    std accuracy_std accuracy_threshold target_accuracy error_rate_threshold latency_budget_ms timeout_ms
    uptime_seconds errors_per_second mean_error val_mean_error mean_bias_error latency_score loss_weight weight_loss
    entropy psi max_depth neg_precision neg class_neg_loss recalls lossless ms % _ @10
"""


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        *((name, "up") for name in UP.split()),
        *((name, "down") for name in DOWN.split()),
        *((name, None) for name in UNKNOWN.split()),
        ("weighted avg/f1-score", "up"),
        ("F1 Score (macro)", "up"),
        ("Mean Squared Error", "down"),
        ("latency (ms)", "down"),
    ],
)
def test_a_well_known_name_has_its_direction_and_no_other_name_has_one(name: str, direction: str) -> None:
    assert known_direction(name) == direction


def test_configuration_goes_before_what_was_stated_and_that_before_the_table() -> None:
    assert direction_of("accuracy", stated="down", configured={"accuracy": "up"}) == "up"
    assert direction_of("accuracy", stated="down", configured={}) == "down"
    assert direction_of("accuracy", stated=None, configured={"loss": "up"}) == "up"
    assert direction_of("score", stated=None, configured={}) is None


@given(st.text("aAceglnost19_-/@ %.é漢\n\0", max_size=128))
def test_every_name_has_an_answer(name: str) -> None:
    assert known_direction(name) in ("up", "down", None)


@given(st.sampled_from(["val_", "test-", "train ", "eval/", "macro_"]), st.sampled_from(UP.split() + DOWN.split()))
def test_the_data_on_which_it_was_taken_turns_no_direction_around(prefix: str, name: str) -> None:
    assert known_direction(prefix + name) in (known_direction(name), None)


@pytest.mark.parametrize("word", ["val_", "1_", "test_", "neg_", "p", "at_1_", "aA"])
def test_a_long_name_takes_no_time(word: str) -> None:
    started = time.process_time()
    known_direction((word * 128)[:128])
    assert time.process_time() - started < 0.5
