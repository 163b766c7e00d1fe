"""Languages of schemas, each held against payloads by the package that knows it."""
