"""How a service gets from one place to another: its rows, its files, and which of two places it stands at.

A service's database says whether the service stands there (`place`). While it is carried it goes on; for the last changes the database
itself refuses to be written, whoever writes (`freezing`). Rows are compared by ranges of their keys and sent where they differ (`rows`),
so that a move may be broken off anywhere and begun again. The place that gets the service answers `MoveService` (`receiving`). The order
of steps is `bp_node.moving`'s.
"""
