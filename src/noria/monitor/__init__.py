"""What production looks like beside what the model learnt from: profiles, checks on them, alerts."""
