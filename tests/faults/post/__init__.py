"""A node under test: its exchange as the node runs it, and a service of two tables that sends letters and keeps what arrives.

`python -m tests.faults.post FOLDER` runs in a process of its own what `bluepacific node up` would, with all services, or with `--alone` the
exchange only, which starts in a second. The folder was made by `bluepacific node init`. Letters go through the kit's outbox and inbox, as
every service's messages do; what a letter did on arrival stands in a table, in order.
"""
