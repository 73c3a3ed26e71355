"""Deliveries in a table: one row for each X-Webhook-ID, however often it arrives.

In PostgreSQL the statements are the same, but for the type of `body`, which is bytea there.
"""

import contextlib
import sqlite3
import time

TABLE = "deliveries (id TEXT PRIMARY KEY, body BLOB NOT NULL, arrived_at REAL NOT NULL, done_at REAL)"
INSERT = "INSERT INTO deliveries (id, body, arrived_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING"


def store(id: str, body: bytes) -> bool:
    """Whether the delivery is new. It is on disk when this returns."""
    with contextlib.closing(sqlite3.connect("deliveries.db", timeout=20)) as database, database:
        database.execute(f"CREATE TABLE IF NOT EXISTS {TABLE}")
        return database.execute(INSERT, (id, body, time.time())).rowcount > 0
