"""One encrypted archive of a whole node, taken while it runs or not, and the way back.

**One moment.** A node's databases owe each other: a service's outbox hands a message over to the exchange and then forgets it; the
exchange hands a delivery over to a service and then forgets it. Copied one after the other, neither order is right:

- exchange first, services later: a message that was handed over in between is in neither copy. It is lost.
- services first, exchange later: a delivery that took effect in between is in neither copy. It is lost.

So all databases are copied as they were at one and the same moment (`moment.py`): for some milliseconds every database's write lock is
held, and each gets a reader, whose view SQLite's write-ahead log then keeps for as long as copying takes while the node writes on. What
the archive holds is what the disks would have held had the power failed at that moment, and that every node survives by design: what was
answered is committed, what was handed over twice is known by its id, what was not handed over yet is handed over at the next start.

**Files.** A file is on disk before the row that names it is committed, and the row is gone before the file is removed. So the files of
that moment are all that the databases of that moment name. They never change, so a hard link keeps each: links are made before the locks
are taken, and completed and cleared of what has gone while they are held, which then takes little time. No file is missing that a
row names, and none is taken along that was destroyed before the moment. Keys are read while the locks are held, too.
What arrives on a link and is not whole yet is left out; it is asked for again. Traces and the copies of `migrate` are left out as well.

**The archive** (`cipher.py`, `archive.py`) is a tar stream, its manifest first, under a key that Argon2id makes of a passphrase: chunks of
64 KiB, each AES-256-GCM, that cannot be changed, moved, cut off or added to. Writing and reading take constant memory.

**The way back** (`restoring.py`) unpacks beside the target, and only what has been verified to the last byte gets the target's name.
The exchange gets a new incarnation there, for what it numbers from now on is not what it numbered after the backup was taken; and all
sign-ins end, since some may have been ended after the backup.
"""
