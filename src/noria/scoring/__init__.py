"""Batch prediction: the rows of a file, answered by a registered version."""
