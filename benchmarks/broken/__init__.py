"""Broken candidates, made from the real flights: each with the gate that is meant for it."""
