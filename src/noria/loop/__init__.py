"""Short durable workflows that carry decisions out. Only this package knows the workflow engine."""
