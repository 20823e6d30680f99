"""A policy on history: what it would have cost and gained, before it is switched on.

`history` is all rows of a project with what was known when; `faults` names what is wrong with it before any
hour is spent. The live loop then turns over it on a virtual clock, once for each policy, and trains what two
of them share only once. `result` holds what came of each; tables, pages and a recommendation are made of it.
"""
