// Takes deliveries in Express. npm install express; usage: WEBHOOK_SECRET=whsec_... node express-app.mjs [port]
import { argv, env } from "node:process";
import express from "express";
import { verify } from "./verify.mjs";

const app = express();

// express.raw() for this path, and before any express.json(): req.body is then a Buffer with the bytes as they came.
app.post("/", express.raw({ type: "application/json", limit: "32kb" }), (req, res) => {
  const signatures = ["", "-Next", "-Previous"].map((which) => req.get(`X-Webhook-Signature${which}`));
  if (!verify(env.WEBHOOK_SECRET, req.get("X-Webhook-Timestamp"), signatures, req.body)) return res.sendStatus(401);
  // Store it here by its X-Webhook-ID, as receiver.mjs does.
  res.sendStatus(204);
});

app.listen(Number(argv[2] ?? 4000), "127.0.0.1");
