"""Who may ask what, and how often: tokens and rates."""
