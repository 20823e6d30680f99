"""The report of a model as a page: what came in beside what was learnt, day by day, and what became of it."""
