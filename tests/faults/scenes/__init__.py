"""What happens to a region, and what must hold afterwards.

Each scene is a coroutine `scene(region, chance)` that raises AssertionError when a promise is broken, and returns what it saw in a few
words. It leaves the region whole, so that scenes follow each other in any order. The tests play some of them once, `make faults` all of
them, many times.
"""
