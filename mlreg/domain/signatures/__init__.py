"""Signatures: what a model takes and gives, what changed between two of them, and whether a payload is as promised."""
