// Deliveries in a table: one row for each X-Webhook-ID, however often it arrives. Node 22.13 or later for node:sqlite; in
// PostgreSQL the statements are the same, but for the type of `body`, which is bytea there.
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync("deliveries.db");
database.exec(
  "CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, body BLOB NOT NULL, arrived_at INTEGER NOT NULL, done_at INTEGER)",
);

/** Whether the delivery is new. It is on disk when this returns. */
export function store(id, body) {
  const insert = "INSERT INTO deliveries (id, body, arrived_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING";
  return database.prepare(insert).run(id, body, Date.now()).changes > 0;
}
