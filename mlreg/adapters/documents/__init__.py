"""Owns how living documents are written: Markdown between markers, and whole files of other forms."""
