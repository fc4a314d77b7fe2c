"""A service as small as one can be, made of everything the kit gives; only for the kit's tests."""
