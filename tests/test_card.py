"""Model cards: what the Hugging Face Hub's own reader takes, and what people read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlreg import Registry

hub = pytest.importorskip("huggingface_hub")
LINE = '--- # <b>" {{x}} ${y} é\U0001f600 [a](http://x) : @all'
WORDS = '---\n<b>"\x07 {{x}} ${y} é\U0001f600 [a](http://x) # : @all\n---\n'


@pytest.fixture
def stocked(registry: Registry, model_file) -> Registry:
    """A version with all that a card asks for, in production."""
    registry.register("fraud", model_file("old"), version="1.0.0")
    registry.register(
        "fraud",
        model_file(),
        version="1.1.0",
        metrics={"auc": 0.95, "latency_p50": "35 ms", "loss": "nan", "lift": "inf", "lr": 1e-5},
        features=["amount", "hour"],
        signature={"inputs": {"amount": "float", "hour": "int"}, "outputs": {"p": "float"}},
        framework="torch",
        type="tabular-classification",
        data="Transactions EU",
        dataset={"version": "2026-01", "rows": 1000},
        parent="fraud@1.0.0",
        owner="risk",
        description="scores payments",
        tags=["eu"],
        meta={"license": "Apache-2.0", "card": {"intended_use": "payments\n\n- of cards", "biases": ["old people"]},
              "card.limitations": "night", "card.language": "en"},
    )  # fmt: skip
    registry.set("fraud", "1.1.0", metrics={"rows": 10**20})
    registry.promote("fraud", "1.1.0", to="production")
    return registry


def read(text: str):
    """Returns the card as the Hub's library reads it, strictly."""
    return hub.ModelCard(text, ignore_metadata_errors=False)


def test_a_card_says_how_to_get_the_model_and_how_large_it_is(stocked):
    card = stocked.card("fraud").text
    assert 'model = Registry.open().load("fraud@1.1.0")\n' in card
    assert " bytes in 1 file\n" in card


def test_the_hub_reads_facts_and_results(stocked):
    card = read(stocked.card("fraud").text)
    data = card.data
    assert (data.license, data.library_name, data.language, data.tags) == ("apache-2.0", "pytorch", "en", ["eu"])
    assert data.model_name == "fraud"
    results = {one.metric_type: one for one in data.eval_results}
    assert {name: one.metric_value for name, one in results.items()} == {
        "auc": 0.95, "latency_p50": 35, "lr": 1e-5, "rows": 1e20,
    }  # fmt: skip
    auc = results["auc"]
    assert (auc.task_type, auc.dataset_name, auc.dataset_type, auc.dataset_revision) == (
        "tabular-classification", "Transactions EU", "Transactions-EU", "2026-01",
    )  # fmt: skip
    assert results["latency_p50"].metric_name == "latency_p50 (ms)"
    assert hub.ModelCard(str(card)).data.to_dict() == data.to_dict()


def test_people_read_all_that_was_stated(stocked):
    text = stocked.card("fraud@production").text
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "# fraud 1.1.0", "## What it is", "## Intended use", "## Limitations", "## Data", "## Metrics",
        "## Inputs and outputs", "## Lineage", "## Biases", "## How to get it",
    ]  # fmt: skip
    for part in (
        "scores payments", "payments\n\n- of cards", "night", "- old people", "| auc | 0.95 |", "1,000",
        "- **Licence**: apache-2.0", "no finite numbers: lift, loss.", "| amount | input | float |",
        "- **Parent**: fraud@1.0.0", "since 2026-01-05", "mlreg checkout fraud@1.1.0", '.load("fraud@1.1.0")',
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("missing", ["data", "type"])
def test_metrics_without_task_or_data_are_for_people_alone(registry, model_file, missing):
    stated = {"data": "d", "type": "regression"}
    del stated[missing]
    registry.register("m", model_file(), metrics={"rmse": 2}, **stated)
    text = registry.card("m").text
    assert read(text).data.eval_results is None
    assert "| rmse | 2 |" in text


def test_another_licence_is_named_beside(registry, model_file):
    registry.register("m", model_file(), meta={"licence": "Ours 1.0"})
    data = read(registry.card("m").text).data
    assert (data.license, data.license_name) == ("other", "Ours 1.0")


def test_next_to_nothing_and_hostile_words_are_cards_too(registry, model_file):
    registry.register("bare", model_file())
    said = dict.fromkeys(("intended_use", "pipeline_tag", "tags", WORDS), WORDS)
    registry.register(
        "odd", model_file("2"), type=LINE, data=LINE, experiment=LINE, owner=LINE, description=WORDS, features=[LINE],
        metrics={"auc": 1}, parent="bare@1.0.0",
        meta={"license": WORDS, "card": {**said, "language": [WORDS], "datasets": {"a": 1}, "citation": 3}},
    )  # fmt: skip
    assert read(registry.card("bare").text).data.to_dict() == {}
    text = registry.card("odd").text
    card = read(text)
    assert card.data.eval_results[0].dataset_name == LINE
    assert not [part for part in ("<b>", "[a](", "http://", "\n# :", "\x07") if part in card.text]
    assert text.count("\n---\n") == 1  # the end of the front matter


def test_approvals_that_count_stand_there(mlreg, model_file):
    for line in ("init", f"register m {model_file()}", "config set approvals.unsigned true"):
        assert mlreg(*line.split()).code == 0
    mlreg("reject", "m@1.0.0", "--for", "production", "--actor", "bo@example.org")
    mlreg("approve", "m@1.0.0", "--for", "production", "--comment", "seen <it>", "--actor", "bo@example.org")
    told = mlreg("card", "m").out
    assert "- **bo&#64;example.org**: approves it for production" in told.replace("bo@", "bo&#64;")
    assert "unsigned: seen &#60;it&#62;" in told
    assert "rejects" not in told


def test_it_is_written_to_a_file_unless_it_is_a_dry_run(stocked, tmp_path: Path):
    file = tmp_path / "README.md"
    answer = stocked.card("fraud", "1.0.0", file=file, dry_run=True)
    assert not file.exists()
    assert stocked.card("fraud", "1.0.0", file=file).text == file.read_text() == answer.text
    assert stocked.export("fraud@1.0.0", format="huggingface").text == answer.text


def test_the_command_prints_the_card_as_it_is(mlreg, model_file):
    mlreg("init")
    mlreg("register", "fraud", str(model_file()), "--meta", "card.intended_use=scores", "--meta", "license=mit")
    printed = mlreg("card", "fraud").out
    assert read(printed).data.license == "mit"
    mlreg("card", "fraud", "-o", "README.md")
    assert Path("README.md").read_text() == printed
    assert mlreg("card", "fraud", "-o", "README.md", "-q").out == "fraud@1.0.0\n"
    assert mlreg("card", "nothing").code == 3
