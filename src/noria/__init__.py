"""noria keeps machine-learning models in production good, by itself."""

__version__ = "0.1.0"
