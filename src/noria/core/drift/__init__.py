"""Whether what comes in is still what was learnt from: distances, what they usually are, and a budget."""
