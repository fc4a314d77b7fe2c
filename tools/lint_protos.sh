#!/bin/sh
# Lints protos/ with buf. The google protos they import come out of a wheel of the lock, not out of buf's own registry.
set -eu
cd "$(dirname "$0")/.."
google=$(.venv/bin/python -c 'import google.api.annotations_pb2 as a, pathlib; print(pathlib.Path(a.__file__).parents[2])')
mkdir -p .cache/google-protos/google/api
for name in annotations http httpbody; do cp "$google/google/api/$name.proto" .cache/google-protos/google/api/; done
exec .venv/bin/buf lint protos
