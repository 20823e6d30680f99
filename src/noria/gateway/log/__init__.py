"""What was acknowledged, kept: segments, their modes, and the space reserved for bad times."""
