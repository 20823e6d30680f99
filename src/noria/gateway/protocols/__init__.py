"""Prediction protocols: each a pair of pure functions, from bytes to a batch and from an answer to bytes."""
