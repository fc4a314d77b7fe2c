"""Benchmarks: each a module with `main`, run by `make bench`; ratios are measured within one run."""
