"""The ways to write a lineage down for other programs, one module each.

Every module has `render(lineage, registered)`, the text: `registered` says how the version in the
middle came to be known.
"""
