"""What the verbs answer, one file each: values with names, and the JSON document that `--json` prints of them."""
