"""What an operator or administrator does with people, units, roles and clients of a running node, from its command line."""
