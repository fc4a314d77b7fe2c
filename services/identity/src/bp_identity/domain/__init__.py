"""Entities and rules of people, units and sign-in: the standard library and `bp_kit.errors` only."""
