"""Pure decisions: no I/O, no clock, no randomness; `now` and seeds are arguments."""
