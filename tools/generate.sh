#!/bin/sh
# Generates libs/protos from protos/: messages, stubs, types, and one descriptor set that keeps the comments.
# With a folder as argument it writes there instead, for the check of drift.
set -eu
cd "$(dirname "$0")/.."
out=${1:-libs/protos/src}
include=$(.venv/bin/python -c 'import grpc_tools, pathlib; print(pathlib.Path(grpc_tools.__file__).parent / "_proto")')
google=$(.venv/bin/python -c 'import google.api.annotations_pb2 as a, pathlib; print(pathlib.Path(a.__file__).parents[2])')
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
PATH="$PWD/.venv/bin:$PATH" .venv/bin/python -m grpc_tools.protoc -I protos -I "$google" -I "$include" \
    --python_out="$made" --grpc_python_out="$made" --mypy_out="quiet:$made" --mypy_grpc_out="quiet:$made" \
    --include_imports --include_source_info --descriptor_set_out="$made/all.binpb" \
    $(find protos -name '*.proto' | LC_ALL=C sort)
mkdir -p "$made/bluepacific/descriptors" "$out"
mv "$made/all.binpb" "$made/bluepacific/descriptors/all.binpb"
find "$made" -name '*_pb2_grpc.py*' | while read -r f; do
    case "$f" in *.py) grep -q 'class .*Stub' "$f" || rm -f "$f" "${f}i" ;; esac
done
touch "$made/bluepacific/py.typed"
# Only what differs is replaced, so that whoever runs from this tree never sees half of it.
(cd "$made" && find bluepacific buf -type f) | while read -r f; do
    cmp -s "$made/$f" "$out/$f" || { mkdir -p "$out/${f%/*}" && cp "$made/$f" "$out/$f.new" && mv "$out/$f.new" "$out/$f"; }
done
(cd "$out" && find bluepacific buf -type f ! -path '*/__pycache__/*') | while read -r f; do [ -f "$made/$f" ] || rm -f "$out/$f"; done
[ "$out" != libs/protos/src ] || .venv/bin/python libs/client/tools/write_surface.py
