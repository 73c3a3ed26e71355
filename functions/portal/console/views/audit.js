import { get, withQuery } from "../api.js";
import { h } from "../dom.js";
import { exportButton } from "../export.js";
import { filterBar, spanFilter } from "../filters.js";
import { filter, select } from "../form.js";
import { time } from "../format.js";
import { growingList, nothing } from "../list.js";
import { heading } from "../parts.js";

const FILTERS = ["action", "target", "actor", "since", "until"];

/** What people call each change. */
const ACTIONS = /** @type {Record<string, string>} */ ({
  "account.created": "Account created",
  "endpoint.created": "Endpoint created",
  "endpoint.updated": "Endpoint changed",
  "endpoint.deleted": "Endpoint deleted",
  "endpoint.secret_rotated": "Signing secret rotated",
  "endpoint.secret_promoted": "Signing secret promoted",
  "key.created": "API key created",
  "key.updated": "API key changed",
  "key.rotated": "API key rotated",
  "key.deleted": "API key revoked",
  "portal_link.created": "Portal link created",
  "portal_link.deleted": "Portal link revoked",
});

/** What kinds of callers there are. */
const ACTORS = /** @type {Record<string, string>} */ ({ key: "API key", portal_link: "Portal link", operator: "Operator" });

/** @type {import("../app.js").View} */
export async function audit(route) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, route.query.get(name) ?? ""]));
  const read = (/** @type {string | null} */ cursor, /** @type {AbortSignal} */ signal, limit = 50) =>
    get(withQuery("/api/audit", { ...wanted, limit, cursor }), signal);
  const look = {
    label: "Audit log", columns: ["When", "Who", "Change", "Before", "After"], row,
    none: () => nothing("No changes", Object.values(wanted).some(Boolean)
      ? "No changes of the last 400 days match these filters."
      : "Changes of endpoints, API keys and portal links are listed here for 400 days.")(),
    tools: [exportButton({
      name: "audit-log", read, at: (/** @type {Api.AuditEntry} */ one) => one.createdAt,
      row: ({ actor, before, after, ...one }) => ({
        ...one, actorType: actor.type, actorId: actor.id, actorName: actor.name, actorKeyId: actor.keyId,
        before: before && JSON.stringify(before), after: after && JSON.stringify(after),
      }),
    })],
  };
  const list = growingList(look, read, route);
  const input = (/** @type {string} */ name, placeholder = "") => h("input", { name, value: wanted[name], placeholder, spellcheck: "false" });
  const bar = filterBar("Filter audit log", "#/audit", wanted, [
    filter("Change", select("action", [["", "Any"], ...Object.entries(ACTIONS)], wanted.action)),
    filter("Id of what was changed", input("target", "ep_...")),
    filter("Id of who changed it", input("actor", "key_...")),
    spanFilter(wanted),
  ], () => list);
  await bar.load();
  return [
    heading("Audit log", { lead: ["Who changed endpoints, API keys and portal links, when and from where. ",
      h("a", { href: "/docs/audit-log" }, "What is listed")] }),
    bar.form, list.element,
  ];
}

/** @param {Api.AuditEntry} entry */
const row = (entry) => h("tr", {},
  h("td", {}, time(entry.createdAt)),
  h("td", {}, h("strong", {}, entry.actor.name ?? ACTORS[entry.actor.type] ?? entry.actor.type),
    entry.actor.name && h("p", { class: "small muted" }, ACTORS[entry.actor.type] ?? entry.actor.type),
    entry.actor.id && h("p", { class: "small" }, h("a", { href: withQuery("#/audit", { actor: entry.actor.id }), "data-key": `${entry.id} actor` }, h("code", {}, entry.actor.id))),
    entry.address && h("p", { class: "small muted" }, "from ", h("code", {}, entry.address))),
  h("td", {}, ACTIONS[entry.action] ?? entry.action,
    h("p", { class: "small" }, h("a", { href: withQuery("#/audit", { target: entry.targetId }), "data-key": `${entry.id} target` }, h("code", {}, entry.targetId)))),
  h("td", {}, side(entry.before)),
  h("td", {}, side(entry.after)));

/**
 * What was there before, or is there after.
 * @param {Record<string, unknown> | null} members
 */
const side = (members) => members === null
  ? h("span", { class: "muted" }, "nothing")
  : h("div", {}, Object.entries(members).map(([name, value]) => h("p", { class: "small" }, `${name}: `, h("code", {}, shown(value)))));

/** @param {unknown} value */
const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
