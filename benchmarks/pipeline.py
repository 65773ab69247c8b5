"""How close a run comes to what its requests take at the least, and what xdist and the cache add.

    python benchmarks/pipeline.py

A scripted endpoint answers after a fixed time, so the least time of a run is known: the longest chain (answer,
answer, judgment) or the requests of one kind divided by the limit, whichever is longer.  Figures are ratios within
one run of this script, since machines differ and are shared.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.server import JUDGE, Server

LATENCY = 0.5
LIMIT = 16


def seconds(endpoint: Server, folder: Path, *options: str) -> float:
    """How long one run of the house set takes."""
    command = [
        sys.executable, "-m", "pytest", "--mtbench-model=m", f"--mtbench-base-url={endpoint.url}",
        f"--mtbench-judge={JUDGE}", "--mtbench-questions=house", "-q", "--rootdir=.", *options,
    ]  # fmt: skip
    start = time.monotonic()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main() -> None:
    endpoint = Server()
    endpoint.latency = LATENCY
    # Answers fill the limit in ten rounds of sixteen; the last judgments follow.
    least = LATENCY * (160 / LIMIT + 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fresh = seconds(endpoint, folder, "--mtbench-cache-dir=a")
        asked = len(endpoint.asked)
        workers = seconds(endpoint, folder, "--mtbench-cache-dir=b", "-n4")
        asked_by_workers = len(endpoint.asked) - asked
        cached = seconds(endpoint, folder, "--mtbench-cache-dir=a")
    endpoint.close()
    print(f"least time: {least:.1f} s; {asked} requests, most in flight {endpoint.most_in_flight[False]} to the model")
    print(f"fresh run / least time:   {fresh / least:.2f}")
    print(f"with -n 4 / least time:   {workers / least:.2f} ({asked_by_workers} requests)")
    print(f"cached run / fresh run:   {cached / fresh:.2f}")


if __name__ == "__main__":
    main()
