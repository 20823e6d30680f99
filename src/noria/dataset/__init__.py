"""The report on a data version: what is wrong with its rows, what changed, what each is worth."""
