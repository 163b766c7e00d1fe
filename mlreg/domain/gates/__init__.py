"""Owns the gates: one file for each kind of condition that a policy can make. `policies.KINDS` lists them."""
