"""The one list of gates that all candidates are asked, as a careful team would declare it for the flights."""

MONITOR = """
[monitor]
slices = ["carrier", "origin"]
sensitive = ["origin"]
"""
GATES = """
[[gates]]
check = "enough-rows"
rows = 500
[[gates]]
check = "finite"
[[gates]]
check = "beats-baseline"
margin = 0.005
[[gates]]
check = "agreement"
correlation = 0.7
[[gates]]
check = "latency"
p99 = "40ms"
[[gates]]
check = "artifact"
[[gates]]
check = "overlap"
[[gates]]
check = "identifiers"
[[gates]]
check = "target-leakage"
power = "50%"
[[gates]]
check = "time-leakage"
[[gates]]
check = "numerics"
[[gates]]
check = "serving"
p99 = "40ms"
memory = 600000000
[[gates]]
check = "slices"
column = "carrier"
[[gates]]
check = "weak-slices"
[[gates]]
check = "calibration"
ceiling = 0.05
[[gates]]
check = "fairness"
[[gates]]
check = "robustness"
[[gates]]
check = "attack"
columns = { distance = 1, minute = 2 }
seconds = "10s"
[[gates]]
check = "forbidden-features"
columns = ["pilot_age"]
[[gates]]
check = "backdoor"
[[gates]]
check = "poison"
[[gates]]
check = "golden"
file = "golden.parquet"
[[gates]]
check = "tests"
timeout = "20s"
"""
COSTLY = frozenset({"finite", "latency", "serving", "tests", "attack", "poison"})
"""Gates that start a process of their own, or take seconds: they are asked where they are meant."""
