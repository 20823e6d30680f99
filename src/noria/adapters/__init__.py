"""The hands of the loop: one concern of the outside world per module."""
