"""Real nodes under real faults: processes on loopback that are killed, stopped, starved and cut off, and what must hold then."""
