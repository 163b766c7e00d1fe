"""The systems that run pipelines, one module each: how an answer reaches the steps that follow, and the reader.

Every module has `publish(document, environment)`, for an answer; `annotation(error)`, the line of its log that shows an
error where people look, or None; and `lines(findings, kinds)`, the lines that show what a check has found.
"""
