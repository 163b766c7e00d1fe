"""The formats in which findings are told, one module each.

Every module has `render(findings, kinds)`, the whole text, which ends with a newline where it is not empty; `kinds` are
all kinds of findings by their code.
"""
