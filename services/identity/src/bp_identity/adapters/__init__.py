"""Tables and repositories, password hashes, signing keys, the OAuth server and its pages."""
