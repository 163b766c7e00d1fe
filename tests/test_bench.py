"""What every room finds on its bench: models by their names, versions by parts of theirs."""

from __future__ import annotations

import pytest

from mlreg.errors import NotFoundError


def test_a_model_that_was_nearly_named_is_suggested_as_it_is_spelled(registry, model_file):
    registry.register("risk/Fraud-Detector", model_file())
    with pytest.raises(NotFoundError) as caught:
        registry.info("risk/Fraud-Detecter")
    assert caught.value.hint == "did you mean `risk/Fraud-Detector`?"


@pytest.mark.parametrize(("asked", "greatest"), [("3", "^3"), ("v3", "^3"), ("3.0", "^3.0")])
def test_a_part_of_a_version_is_filled_up_and_the_greatest_of_it_is_named(registry, model_file, asked, greatest):
    registry.register("fraud", model_file("a"), version="3.0.0")
    registry.register("fraud", model_file("b"), version="3.1.0")
    assert list(registry.info(f"fraud@{asked}").notes) == [
        f"fraud@{asked} was read as fraud@3.0.0: fraud@{greatest} is the greatest"
    ]
    assert registry.info(f"fraud@{greatest}").document()["version"] == "3.1.0"
