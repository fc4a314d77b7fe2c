"""What a service does for data-protection officers: telling what it holds about a person, and blocking, correcting and erasing it."""
