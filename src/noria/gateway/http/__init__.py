"""HTTP/1.1 at the edge: connections, their limits and deadlines, TLS."""
