"""Gates that examine what would ship: each is a function of a subject, in the module of its name."""
