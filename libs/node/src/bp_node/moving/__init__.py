"""`node move`: a service goes to its node's other place, with everything it keeps.

It runs where the service stands, beside it, and talks with the other place by `MoveService`. In order:

1. The data is carried while the service goes on; what changes meanwhile is carried by step 3. Broken off here, nothing has happened.
2. The workers end, then the database refuses changes. From here on callers of changes are told to come again.
3. The last changes are carried; every table is counted and digested at both places, every file compared.
4. This place lets go: its database says so, for good. Then the other place takes over. Whoever calls is sent there.

Killed in 2 or 3, the service goes on here by itself once the mover's lease is over. Killed in 4, it stands nowhere: nothing is lost,
callers are told to come again, and the command goes on where it was, or back.
"""
