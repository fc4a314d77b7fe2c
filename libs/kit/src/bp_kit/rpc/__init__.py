"""gRPC as every service serves and calls it: one pipeline, the same on a socket and in process."""
