"""Tables: files of rows or arrays, one adapter for each format; `mlreg.tables` says what an adapter has."""
