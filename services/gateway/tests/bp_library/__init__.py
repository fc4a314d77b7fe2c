from bp_library import protos as protos
