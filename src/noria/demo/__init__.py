"""A year of real flights, kept well predicted by the real system on a virtual clock."""
