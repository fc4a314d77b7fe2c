"""Finds what is wrong with a node, and says what mends it. It only looks: nothing of the node is changed.

A check is a function that is given the patient and yields findings; a check that cannot look now says why (`CannotLookError`) and is
listed as not done, so that silence always means that all is well. `examining.py` has the checks in their order of importance.
"""
