"""Each protocol is a pair of pure functions between bytes and one columnar batch."""
