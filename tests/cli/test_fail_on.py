"""`compare --fail-on` is what a CI job leans on."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("versions", "fail_on", "code"),
    [
        ("1.0.0 1.1.0", "regression", 0),
        ("1.0.0 1.1.0", "keep", 0),
        ("1.1.0 1.0.0", "regression", 1),
        ("1.1.0 1.0.0", "keep", 1),
        ("1.1.0 2.0.0", "regression", 1),
        ("1.0.0 1.0.0", "regression", 0),
    ],
)
def test_a_regression_or_the_verdict_fails(project, mlreg, versions, fail_on, code):
    assert mlreg("compare", "fraud-detector", *versions.split(), "--fail-on", fail_on).code == code


def test_mixed_results_are_a_regression_and_no_reason_to_keep(project, mlreg):
    mlreg("set", "fraud-detector", "1.1.0", "--metric", "latency=60ms")
    words = ("compare", "fraud-detector", "1.0.0", "1.1.0", "--fail-on")
    assert (mlreg(*words, "regression").code, mlreg(*words, "keep").code) == (1, 0)


def test_what_failed_is_named_for_people_and_the_answer_is_the_same(project, mlreg):
    words = ("compare", "fraud-detector", "1.1.0", "2.0.0")
    failed = mlreg(*words, "--fail-on", "regression")
    assert failed.err == "failed: accuracy is worse in 2.0.0\n"
    assert failed.out == mlreg(*words).out


def test_a_document_comes_alone(project, mlreg):
    failed = mlreg("compare", "fraud-detector", "1.1.0", "2.0.0", "--fail-on", "regression", "--json")
    assert (failed.code, failed.err, failed.document["schema"]) == (1, "", "mlreg.compare/1")


def test_nothing_else_can_fail(project, mlreg):
    refused = mlreg("compare", "fraud-detector", "1.1.0", "2.0.0", "--fail-on", "anything")
    assert (refused.code, refused.out) == (2, "")
