"""Whole networks of exchanges, simulated from a seed: the real session core and the real use cases, on memory, on virtual time."""
