"""What the gateway tells about itself: metrics, traces, the access log."""
