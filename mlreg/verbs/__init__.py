"""Verbs of the registry, one module for each subject: methods that `mlreg.registry.Registry` has."""
