"""The protocol's core: bytes in, bytes and decisions out. No socket, database, clock or randomness of its own."""
