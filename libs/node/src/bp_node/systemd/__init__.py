"""A node as a service of systemd: the unit that runs it, and what it tells systemd while it runs."""
