"""A packaged model: native files, a manifest of digests, and a loader that needs no noria."""
