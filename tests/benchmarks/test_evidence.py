from benchmarks.evidence import table
from benchmarks.idle import name_of
from benchmarks.noop import STEPS, stages
from benchmarks.wrk import Load, figures

SAID = """
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   220.35us  140.21us   7.65ms   98.99%
    Req/Sec     2.01k   100.00      2.20k    89.50%
  Latency Distribution
     50%  210.00us
     75%  260.00us
     99%    1.02ms
  20000 requests in 10.00s, 5.00MB read
  Socket errors: connect 0, read 2, write 0, timeout 1
  Non-2xx or 3xx responses: 4
Requests/sec:   2000.50
"""


def test_a_table_has_columns_of_equal_width() -> None:
    assert table(("name", "s"), [("a", 0.12345), ("longer", 2)]) == (
        "| name   | s     |\n|--------|-------|\n| a      | 0.123 |\n| longer | 2     |"
    )


def test_wrk_is_understood() -> None:
    # 2 reads, 1 timeout and 4 answers with another status failed
    assert figures(SAID) == Load(rate=2000.5, p50=0.21, p99=1.02, failed=7)


def test_without_errors_wrk_says_nothing_of_them() -> None:
    assert figures(" 50% 1us\n 99% 2us\nRequests/sec: 1.0").failed == 0


def test_a_process_is_named_by_its_verb_or_module() -> None:
    assert name_of(["python", "-m", "noria", "gateway"]) == "noria gateway"
    assert (
        name_of(["python", "-P", "-m", "noria.gateway.hosting.host", "/tmp/a"])
        == "noria.gateway.hosting.host"
    )


def test_a_stage_depends_on_the_stages_before() -> None:
    text = stages("python")
    assert "    deps: [steps.py, stage.py, clean.out, rates.out]" in text
    assert text.count("    outs: ") == len(STEPS) == 5
