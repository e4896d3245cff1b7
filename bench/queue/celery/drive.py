"""drive.py MESSAGES POOL: starts a worker, sends so many tasks, waits until all are acknowledged; prints us for each."""

import json
import os
import subprocess
import sys
import time

import redis
from tasks import noop

messages = int(sys.argv[1])
pool = sys.argv[2]
broker = redis.Redis.from_url(os.environ["BROKER"].replace("redis+socket://", "unix://"))
broker.flushall()
worker = subprocess.Popen(
    [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", pool, "--concurrency", "1",
     "--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"],
    cwd=os.path.dirname(os.path.abspath(__file__)),
    stdout=subprocess.DEVNULL,
)


def open_messages():
    return broker.llen("celery") + broker.hlen("unacked")


def wait_until_done(seconds):
    end = time.monotonic() + seconds
    while open_messages() > 0:
        if time.monotonic() > end or worker.poll() is not None:
            raise SystemExit("the worker did not finish")
        time.sleep(0.005)


try:
    # Up, connected, and every path taken once.
    for number in range(50):
        noop.delay(number)
    wait_until_done(60)
    started = time.perf_counter()
    for number in range(messages):
        noop.delay(number)
    wait_until_done(300)
    wall = time.perf_counter() - started
    value = {} if "BENCH_RESULT_ONLY" in os.environ else {"value": wall * 1e6 / messages}
    print(json.dumps({**value, "result": {"done": messages}}))
finally:
    worker.terminate()
    worker.wait(timeout=30)
