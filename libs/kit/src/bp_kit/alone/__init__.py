"""A service as a process of its own: `python -m bp_<service> serve`, as a pod runs it. Nothing above the channel can tell."""
