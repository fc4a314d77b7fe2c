"""Three nodes on this machine, for trying out and for tests: made and enrolled with the very commands a country's IT team uses."""
