"""Concept drift: the same inputs come to mean something else, and the loss rises where nothing else moved."""
