"""`bluepacific link ...`: the lanes to a node's peers, and what travels by removable media. Asked of the node's own gateway."""
