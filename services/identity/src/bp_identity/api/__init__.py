"""Servicers: proto to use case and back."""
