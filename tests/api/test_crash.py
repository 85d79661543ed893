# SPDX-License-Identifier: Apache-2.0
"""The platform is killed at random moments under load, and nothing that it acknowledged is lost or doubled.

    HCP_CRASH_MOMENTS=200 HCP_CRASH_SEED=2 pytest tests/api/test_crash.py -k by_kills -s

runs as many moments as wanted; without it there are a few, from the same seed each time."""

import asyncio
import itertools
import json
import os
import random
import signal
import subprocess

import pytest

import journal_reader
import load
from daemon import PATIENCE_S, PORTS, Daemon, binary

CLIENTS = 64
MOMENTS = int(os.environ.get("HCP_CRASH_MOMENTS", 6))
SEED = int(os.environ.get("HCP_CRASH_SEED", 1))
MOMENTS_PER_JOURNAL = 10  # then a new one, so that a long run stays fast
ANSWERS_MAX = 600         # before the kill
JITTER_S = 0.02
STOP_S = 10  # a stop takes a tenth of a second; a loaded machine may be slow
SAMPLE = 200              # of the acknowledged submissions that are sent again


def gateway(daemon):
    return daemon.offset + PORTS["gateway"]


def keys_of(moment, client):
    return (f"m{moment}-c{client}-{n}" for n in itertools.count())


def all_keys(moment):
    """A source of keys for each client; all differ."""
    return [keys_of(moment, client) for client in range(CLIENTS)]


def kill_under_load(daemon, moment, book, chance):
    """Kills after a random number of answers and a random while: in the middle of whatever is then going on."""

    async def run():
        due, answered = chance.randrange(1, ANSWERS_MAX), itertools.count(1)
        jitter_s = chance.uniform(0, JITTER_S)

        def on_answer():
            if next(answered) == due:
                asyncio.get_running_loop().call_later(jitter_s, daemon.process.send_signal, signal.SIGKILL)

        await load.load(gateway(daemon), all_keys(moment), book, on_answer)

    asyncio.run(run())
    daemon.kill()


def check_promises(daemon, book, chance):
    """Everything acknowledged is there, once; a retry gets the first answer; what was not answered can be sent again."""
    before, accepted = journal_reader.models(daemon.data)
    assert len(before) == len({model for model, _ in before}) == accepted
    stored = dict(before)
    assert stored.keys() <= book.sent
    for key, body in book.acknowledged.items():
        assert json.loads(body)["workload_id"] == stored.get(key), key

    sample = chance.sample(sorted(book.acknowledged), min(SAMPLE, len(book.acknowledged)))
    again = load.submit_again(gateway(daemon), [*sample, *book.open_keys()])
    for key in sample:
        assert again[key] == (201, book.acknowledged[key]), key
    for key in book.open_keys():
        status, body = again[key]
        assert status == 201, body
        assert stored.get(key, json.loads(body)["workload_id"]) == json.loads(body)["workload_id"], key
        book.acknowledged[key] = body

    after, accepted = journal_reader.models(daemon.data)
    assert sorted(after) == sorted((key, json.loads(body)["workload_id"]) for key, body in
                                   book.acknowledged.items())
    assert accepted == len(after)
    assert daemon.json("/api/v1/status")["workloads"]["submitted"] == len(book.acknowledged)
    assert not book.refused


def hcp_journal(daemon, *words):
    done = subprocess.run([binary(), "journal", *words, "--data", str(daemon.data), "--json"], capture_output=True,
                          text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def check_journal(daemon):
    """Of a daemon that stopped cleanly: sound in our own eyes and in another's, and a replay from the first entry gives
    the state that the daemon had. Returns how many entries there are."""
    entries = journal_reader.verify(daemon.data)
    report = hcp_journal(daemon, "verify")
    assert report["sound"] and report["entries"] == entries
    seq, state_hash = journal_reader.newest_snapshot(daemon.data)
    assert hcp_journal(daemon, "hash", "--to", str(seq))["state_hash"] == state_hash
    return entries


def survive(tmp_path, moments):
    chance = random.Random(SEED)
    print(f"\nHCP_CRASH_SEED={SEED}")
    acknowledged = retried = entries = 0
    for first in range(0, moments, MOMENTS_PER_JOURNAL):
        daemon = Daemon(tmp_path / f"data-{first}", "--workloads", "none").start()
        book = load.Book()
        for moment in range(first, min(first + MOMENTS_PER_JOURNAL, moments)):
            kill_under_load(daemon, moment, book, chance)
            daemon.start()
            retried += len(book.open_keys())
            check_promises(daemon, book, chance)
            journal_reader.verify(daemon.data)
            print(f"moment {moment}: {len(book.acknowledged)} workloads, once each", flush=True)
        daemon.stop()
        entries += check_journal(daemon)
        acknowledged += len(book.acknowledged)
    print(f"{moments} kills, {CLIENTS} clients: {acknowledged} workloads acknowledged and kept, {retried} unanswered "
          f"requests sent again, {entries} journal entries verified")


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path):
    survive(tmp_path, MOMENTS)


@pytest.mark.long
def test_nothing_is_lost_or_doubled_by_many_kills(tmp_path):
    survive(tmp_path, 10 * MOMENTS)


def test_a_clean_stop_under_load_is_quick_and_loses_nothing(tmp_path):
    daemon = Daemon(tmp_path / "data", "--workloads", "none").start()
    book = load.Book()
    took_s = []

    async def run():
        loop = asyncio.get_running_loop()
        answered = itertools.count(1)

        def on_answer():
            if next(answered) == ANSWERS_MAX:
                daemon.process.terminate()
                took_s.append(loop.time())

        clients = asyncio.create_task(load.load(gateway(daemon), all_keys(0), book, on_answer))
        status = await asyncio.to_thread(daemon.process.wait, PATIENCE_S)
        took_s.append(loop.time())
        await clients
        return status

    assert asyncio.run(run()) == 0
    print(f"\nstopped in {took_s[1] - took_s[0]:.3f} s with {CLIENTS} clients sending")
    assert took_s[1] - took_s[0] < STOP_S
    for _, status, body in book.refused:  # told so, not cut off
        assert status == 503, body
    check_journal(daemon)
    rows, _ = journal_reader.models(daemon.data)
    kept = {(key, json.loads(body)["workload_id"]) for key, body in book.acknowledged.items()}
    assert len(kept) >= ANSWERS_MAX and kept <= set(rows)
    daemon.process = None
