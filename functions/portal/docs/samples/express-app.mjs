// Takes deliveries in Express: npm install express, with verify.mjs and inbox.mjs beside this file.
// usage: WEBHOOK_SECRET=whsec_... node express-app.mjs [port]
import { argv, env } from "node:process";
import express from "express";
import { store } from "./inbox.mjs";
import { verify } from "./verify.mjs";

const app = express();

// For this path alone, and before any app.use(express.json()): the body is then a Buffer with the bytes as they came.
app.post("/webhooks", express.raw({ type: () => true, limit: "32kb" }), (req, res) => {
  const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
  const signatures = ["", "-Next", "-Previous"].map((which) => req.get(`X-Webhook-Signature${which}`));
  if (!verify(env.WEBHOOK_SECRET, req.get("X-Webhook-Timestamp"), signatures, body)) return res.sendStatus(401);
  const id = req.get("X-Webhook-ID");
  if (!id) return res.sendStatus(400);
  store(id, body); // where this throws, Express answers 500, and the delivery comes again
  res.sendStatus(204); // stored once, and only now acknowledged; the work is done afterwards
});

app.listen(Number(argv[2] ?? 4000), "127.0.0.1");
