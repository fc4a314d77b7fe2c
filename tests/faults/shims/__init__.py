"""Small libraries in C that stand between a node and the system: what was not synced, and what time it is."""
