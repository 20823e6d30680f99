"""Histories of different nature, to try a policy on: none of them was looked at when the policy was made."""
