"""Facts to bytes and back: where every file of a repository is, and what it holds."""
