"""Explanations: what moved an answer, what would have changed it, and what the model goes by."""
