"""Where derived data is kept, one module each."""
