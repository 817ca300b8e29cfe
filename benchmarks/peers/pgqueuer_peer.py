"""pgqueuer, as the benchmark `whole-path` has it run.

    pgqueuer_peer.py SOCKET_FOLDER drive        makes the tables; then, for each line with a number, commits so many jobs,
                                                waits until they are gone, and prints how many seconds that took
    pgqueuer_peer.py SOCKET_FOLDER work BATCH   a worker whose handler does nothing

Both print "ready" first, and end with their standard input or with SIGTERM.
"""

import asyncio
import sys
import time

import asyncpg
import uvloop
from pgqueuer import PgQueuer, Queries
from pgqueuer.db import AsyncpgDriver

ENTRYPOINT = "noop"
ROWS_IN_ONE_INSERT = 1000
SECONDS_BETWEEN_LOOKS = 0.02


async def connect(folder):
    connection = await asyncpg.connect(host=folder, port=5432, user="strata", database="strata")
    for setting in ("synchronous_commit", "fsync"):
        if await connection.fetchval(f"SHOW {setting}") != "on":
            raise SystemExit(f"{setting} is not on")
    return connection


async def work(folder, batch):
    queue = PgQueuer(AsyncpgDriver(await connect(folder)))

    @queue.entrypoint(ENTRYPOINT)
    async def noop(job):
        pass

    print("ready", flush=True)
    await queue.run(batch_size=batch)


async def succeeded(connection):
    return await connection.fetchval("SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'")


async def drain(connection, queries, count):
    """Seconds from the commit of so many jobs until the queue's table is empty."""
    before = await succeeded(connection)
    async with connection.transaction():
        for first in range(0, count, ROWS_IN_ONE_INSERT):
            rows = min(ROWS_IN_ONE_INSERT, count - first)
            await queries.enqueue([ENTRYPOINT] * rows, [None] * rows, [0] * rows)
    began = time.perf_counter()
    while await connection.fetchval("SELECT EXISTS (SELECT FROM pgqueuer)"):
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    seconds = time.perf_counter() - began
    if (done := await succeeded(connection) - before) != count:
        raise SystemExit(f"{done} of {count} jobs are noted as successful")
    return seconds


async def drive(folder):
    connection = await connect(folder)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(await drain(connection, queries, int(line)), flush=True)


if __name__ == "__main__":
    folder, role, *rest = sys.argv[1:]
    uvloop.run(work(folder, int(rest[0])) if role == "work" else drive(folder))
