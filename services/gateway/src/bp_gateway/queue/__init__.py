"""Calls that wait here for a service that cannot be reached (docs/adr/0012-calls-that-wait.md).

Loaded only where the gateway has a folder for it. Kept on disk before the caller hears of it, made in each caller's order once the service
answers, with the token that they came with: the service decides by it who called, and by identity what they may do now. Whatever comes of
it is kept for the caller to see.
"""
