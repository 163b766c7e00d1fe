"""Owns where bytes are kept: each module is one backend, which `connect(location)` returns."""
