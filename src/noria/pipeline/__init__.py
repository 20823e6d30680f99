"""The graph of steps: what depends on what, what is cached, how it runs."""
