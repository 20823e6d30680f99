"""Answers predictions: no database, no lock and no workflow on the way."""
