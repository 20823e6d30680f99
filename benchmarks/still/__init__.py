"""Traffic in which nothing drifts, by construction: whatever is said of it is a false alarm."""
