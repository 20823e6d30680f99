import subprocess
import sys


def test_who_decides_does_without_numpy() -> None:
    """The command line and the controller import these: NumPy would cost them 0.1 s and 20 MB."""
    code = (
        "import sys, noria.ports, noria.project.parse, noria.loop.controller\n"
        "print([m for m in ('numpy', 'scipy', 'polars', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
