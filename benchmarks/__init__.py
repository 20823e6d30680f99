"""Comparisons and figures: `python -m benchmarks [NAMES]` prints them and writes docs/evidence/."""
