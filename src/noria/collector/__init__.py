"""From segments to Delta tables: what was answered, what became known, and how good it was."""
