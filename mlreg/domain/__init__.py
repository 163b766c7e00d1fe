"""The rules: what a version is, what can happen to it, what follows. Standard library only; no file, no clock."""
