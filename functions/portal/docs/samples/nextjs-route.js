// Takes deliveries in Next.js: this file is app/webhooks/route.js, with verify.mjs and inbox.mjs beside it.
import { env } from "node:process";
import { store } from "./inbox.mjs";
import { verify } from "./verify.mjs";

export const runtime = "nodejs"; // node:crypto and the database are not to be had at the edge

export async function POST(request) {
  const body = Buffer.from(await request.arrayBuffer()); // the bytes as they came; request.json() would parse them
  const signatures = ["", "-Next", "-Previous"].map((which) => request.headers.get(`X-Webhook-Signature${which}`));
  const timestamp = request.headers.get("X-Webhook-Timestamp");
  if (!verify(env.WEBHOOK_SECRET, timestamp, signatures, body)) return new Response(null, { status: 401 });
  const id = request.headers.get("X-Webhook-ID");
  if (!id) return new Response(null, { status: 400 });
  store(id, body); // where this throws, Next.js answers 500, and the delivery comes again
  return new Response(null, { status: 204 }); // stored once, and only now acknowledged; the work is done afterwards
}
