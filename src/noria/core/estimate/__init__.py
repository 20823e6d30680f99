"""What quality is before its labels are there: estimates, each to be believed only as far as its skill."""
