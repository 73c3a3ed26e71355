import { withQuery } from "../api.js";
import { h } from "../dom.js";
import { exportButton } from "../export.js";
import { filterBar, oneOf, spanFilter, typed, wantedBy } from "../filters.js";
import { shortId, time } from "../format.js";
import { growingList, nothing, pagesOf } from "../list.js";
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

/** @type {Ui.View} */
export async function audit(route) {
  const wanted = wantedBy(route.query, FILTERS);
  const read = pagesOf("/api/audit", () => wanted);
  const look = {
    label: "Audit log", columns: ["When", "Who", "Change", "Before", "After"], row,
    none: nothing("No changes", "Changes of endpoints, API keys and portal links are listed here for 400 days.", wanted),
    tools: [exportButton({
      name: "audit-log", read, at: (one) => one.createdAt,
      row: ({ actor, before, after, ...one }) => ({
        ...one, actorType: actor.type, actorId: actor.id, actorName: actor.name, actorKeyId: actor.keyId,
        before: before && JSON.stringify(before), after: after && JSON.stringify(after),
      }),
    })],
  };
  const list = growingList(look, read, route);
  const bar = filterBar("Filter audit log", "#/audit", wanted, [
    oneOf("Change", "action", Object.entries(ACTIONS), wanted),
    typed("Id of what was changed", "target", "ep_...", wanted),
    typed("Id of who changed it", "actor", "key_...", wanted),
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
const row = ({ id, createdAt, actor, action, targetId, address, before, after }) => h("tr",
  h("td", time(createdAt)),
  h("td", h("strong", actor.name ?? ACTORS[actor.type] ?? actor.type),
    actor.name && h("p.small.muted", ACTORS[actor.type] ?? actor.type),
    actor.id && h("p.small", h("a", { href: withQuery("#/audit", { actor: actor.id }), "data-key": `${id} actor` }, shortId(actor.id))),
    address && h("p.small.muted", h("code", address))),
  h("td", ACTIONS[action] ?? action,
    h("p.small", h("a", { href: withQuery("#/audit", { target: targetId }), "data-key": `${id} target` }, shortId(targetId)))),
  h("td", side(before, after)),
  h("td", side(after, before)));

/**
 * What was there before, or is there after. Of what was created or deleted, members that say nothing are left out.
 * @param {Record<string, unknown> | null} members
 * @param {Record<string, unknown> | null} other
 */
const side = (members, other) => members === null
  ? h("span.muted", "nothing")
  : h("div", Object.entries(members).filter(([, value]) => other || !isEmpty(value)).map(([name, value]) => h("p.small", `${name}: `, shown(value))));

/** @param {unknown} value */
const isEmpty = (value) => value === null || (typeof value === "object" && Object.keys(value).length === 0);

/** @param {unknown} value */
const shown = (value) => isEmpty(value) ? h("span.muted", "none")
  : h("code", Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value));
