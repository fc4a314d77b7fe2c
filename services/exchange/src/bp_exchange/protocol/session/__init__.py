"""One link as a state machine without I/O: what happens on it goes in as method calls, what is to be done comes out as effects."""
