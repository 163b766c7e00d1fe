"""Owns the forms of an audit, one module each: `render(audit)` returns the whole report as text."""
