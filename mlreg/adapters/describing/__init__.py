"""Files of models that say of themselves what they take and give. Nothing of them is executed."""
