"""Standing queries: published listings and saved searches that find what is new by themselves."""
