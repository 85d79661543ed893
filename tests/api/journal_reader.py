# SPDX-License-Identifier: Apache-2.0
"""The journal as docs/journal.md describes it, read with nothing of ours: sqlite3 and SHA-256."""

import hashlib
import sqlite3
import struct

TAG = b"hcp-journal-1\0"


def connect(data):
    return sqlite3.connect(f"file:{data / 'journal.db'}?mode=ro", uri=True, timeout=120)


def field(value):
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def chain(previous, seq, time_us, actor, kind, trace_id, payload):
    text = TAG + previous + struct.pack("<Qq", seq, time_us) + field(actor) + field(kind) + field(trace_id)
    return hashlib.sha256(text + field(payload)).digest()


def verify(data):
    """Checks every hash and that no number is missing; returns how many entries there are."""
    previous, expected = bytes(32), 1
    with connect(data) as db:
        for seq, *entry, stored in db.execute(
                "SELECT seq, time_us, actor, type, trace_id, payload, hash FROM journal_entry ORDER BY seq"):
            assert seq == expected, f"entry {expected} is missing"
            previous = chain(previous, seq, *entry)
            assert previous == stored, f"entry {seq} does not match its hash"
            expected += 1
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return expected - 1


def models(data):
    """[(model, id)] of the workloads projected into SQL, and how many acceptances the journal holds."""
    with connect(data) as db:
        rows = db.execute("SELECT model, id FROM workload").fetchall()
        accepted = db.execute("SELECT count(*) FROM journal_entry WHERE type = 'workload_accepted'").fetchone()[0]
    return rows, accepted


def newest_snapshot(data):
    """(seq, hash of the state there) as the daemon wrote it."""
    with connect(data) as db:
        seq, state_hash = db.execute("SELECT seq, state_hash FROM journal_snapshot ORDER BY seq DESC LIMIT 1").fetchone()
    return seq, state_hash.hex()
