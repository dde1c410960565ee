"""How long questions from Python take: over the pipe, over HTTP and by a process a question, in turns.

    BENCH301_BIN=bin/bench301 python3 speed.py
"""

import json
import re
import statistics
import subprocess
import threading
import time
import urllib.request

import bench301

ROUNDS = 7


def per_call(ask, calls):
    """Seconds of a call, by rounds that take turns with others."""
    start = time.perf_counter()
    for _ in range(calls):
        ask()
    return (time.perf_counter() - start) / calls


def main():
    one = bench301.sample(1, seed=301)
    many = bench301.sample(100_000, seed=301)
    server = subprocess.Popen([bench301.find_binary(), "serve", "--listen", "127.0.0.1:0", "--surrogate", "mini"],
                              stderr=subprocess.PIPE, universal_newlines=True)
    url = re.search(r"http://\S+", server.stderr.readline()).group() + "/v1/query"

    def over_http():
        body = json.dumps({"architectures": one}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
            return json.load(answer)

    def by_process():
        bench301.run_command("query", "--json", stdin=one[0])

    def by_threads():
        threads = [threading.Thread(target=lambda: per_call(lambda: bench301.query(one), 200)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    roads = {
        "pipe, one architecture": (lambda: bench301.query(one), 1000, 1),
        "pipe, 16 threads": (by_threads, 1, 16 * 200),
        "pipe, a batch of 100 000, of one": (lambda: bench301.query(many), 1, 100_000),
        "HTTP, one architecture": (over_http, 100, 1),
        "a process a question": (by_process, 3, 1),
    }
    took = {name: [] for name in roads}
    try:
        for _ in range(ROUNDS):
            for name, (ask, calls, of) in roads.items():
                took[name].append(per_call(ask, calls) / of)
    finally:
        server.terminate()
        server.wait()
    print("%-34s %12s %12s" % ("microseconds an architecture", "median", "best"))
    for name, seconds in took.items():
        print("%-34s %12.1f %12.1f" % (name, statistics.median(seconds) * 1e6, min(seconds) * 1e6))


if __name__ == "__main__":
    main()
