// @ts-check
import { get, patch, post, remove } from "../api.js";
import { h } from "../dom.js";
import { count, time } from "../format.js";
import { choice, field, form, group } from "../form.js";
import { button, code, confirm, heading, modal, table, toast } from "../parts.js";
import { reload } from "./endpoint.js";

/** @typedef {import("../data.js").Key} Key */

const SCOPES = /** @type {[string, string][]} */ ([
  ["inbound", "Send records (inbound)"],
  ["events:publish", "Publish events (events:publish)"],
  ["webhooks:manage", "Manage endpoints and deliveries (webhooks:manage)"],
  ["keys:manage", "Manage API keys (keys:manage)"],
]);

/** @type {import("../app.js").View} */
export async function keys({ signal }) {
  const page = await get("/api/keys?limit=100", signal);
  return [
    heading("API keys", { lead: "Who may call the API, for what and how often.", actions: [button("New key", () => edit(null), "primary")] }),
    table("API keys", ["Key", "Scopes", "This minute", "This hour", "Last use", "Expires", ""], page.data.map(row)),
  ];
}

/** @param {Key} key */
function row(key) {
  return h("tr", {},
    h("td", {}, h("strong", {}, key.name), h("p", { class: "small muted" }, h("code", {}, key.hint))),
    h("td", {}, key.scopes.map((scope) => h("code", { class: "chip" }, scope))),
    h("td", {}, bar("this minute", key.usage.perMinute, key.limits.perMinute)),
    h("td", {}, bar("this hour", key.usage.perHour, key.limits.perHour)),
    h("td", {}, time(key.lastUsedAt)),
    h("td", {}, time(key.expiresAt)),
    h("td", {}, h("div", { class: "actions" }, button("Edit", () => edit(key), "quiet"), button("Rotate", () => rotate(key), "quiet"), button("Revoke", () => revoke(key), "danger quiet"))));
}

/**
 * @param {string} name
 * @param {number} used
 * @param {number} limit
 */
const bar = (name, used, limit) =>
  h("div", { class: "meter" }, h("span", { class: "num" }, `${count(used)} of ${count(limit)}`), h("progress", { value: used, max: limit, "aria-label": `Calls ${name}` }));

/** @param {Key | null} key what is there already */
function edit(key) {
  const name = h("input", { name: "name", required: true, maxlength: 100, value: key?.name ?? "", placeholder: "ERP" });
  const expires = h("input", { name: "expiresAt", type: "datetime-local", value: key?.expiresAt?.slice(0, 16) ?? "" });
  const scopes = SCOPES.map(([scope, word]) => choice("scopes", scope, word, key?.scopes.includes(scope) ?? scope === "inbound"));
  const dialog = modal(key ? `Edit ${key.name}` : "New key", [form([
    field("Name", name, { hint: "The system that will use it." }),
    group("Scopes", scopes, "scopes"),
    field("Expires (UTC)", expires, { hint: "Empty for never." }),
  ], key ? "Save" : "Make the key", async (data) => {
    const body = { name: name.value, scopes: data.getAll("scopes").map(String), expiresAt: expires.value ? `${expires.value}:00Z` : null };
    const saved = key ? await patch(`/api/keys/${key.id}`, body) : await post("/api/keys", body);
    dialog.close();
    if (saved.key) shownOnce(saved);
    reload();
  }, [h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")])]);
}

/** @param {Key} key */
function shownOnce(key) {
  const dialog = modal("This is the key", [
    h("p", {}, "It is shown this once. Put it where the system that uses it keeps its secrets."),
    code(key.name, key.key ?? ""),
    h("div", { class: "actions end" }, h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "I have it")),
  ]);
}

/** @param {Key} key */
function rotate(key) {
  const hours = h("input", { name: "overlapHours", type: "number", min: 0, max: 168, value: 24, required: true });
  const dialog = modal(`Rotate ${key.name}`, [form([
    field("Overlap in hours", hours, { hint: "How long the old key works beside the new one: 0 to 168." }),
  ], "Rotate", async () => {
    const made = await post(`/api/keys/${key.id}/rotate`, { overlapHours: Number(hours.value) });
    dialog.close();
    shownOnce(made);
    reload();
  }, [h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")])]);
}

/** @param {Key} key */
async function revoke(key) {
  if (!(await confirm(`Revoke ${key.name}?`, "Whatever uses it is refused within a minute. This can't be undone.", "Revoke"))) return;
  await remove(`/api/keys/${key.id}`);
  toast("Revoked.");
  reload();
}
