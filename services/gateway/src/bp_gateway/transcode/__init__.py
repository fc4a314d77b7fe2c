"""Proto messages to JSON values and back, by converters compiled once from the descriptors (proto3's JSON mapping).

`json_format` walks descriptors for every record; these closures walk them once, at start. Reading is stricter than the mapping asks:
unknown fields and enum values, fields given twice, null where it means nothing and NUL characters are refused, each with the JSON Pointer
of its place.
`google.protobuf.Any` is not supported: no API of ours may have one.
"""

from bp_gateway.transcode.decoding import decode_json, decoder_of
from bp_gateway.transcode.encoding import encode_json, encoder_of
from bp_gateway.transcode.faults import Fault

__all__ = ["Fault", "decode_json", "decoder_of", "encode_json", "encoder_of"]
