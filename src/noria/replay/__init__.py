"""A policy on history: the live loop on another clock, and what each policy would have cost and gained."""
