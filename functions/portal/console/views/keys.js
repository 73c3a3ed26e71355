import { getAll, isOwnKey, patch, postOnce, remove, signIn, signOut, to } from "../api.js";
import { h } from "../dom.js";
import { dateTime } from "../filters.js";
import { fromLocalInput, time, zoneLabel } from "../format.js";
import { choice, field, form, group, overlapField } from "../form.js";
import { button, chips, closeButton, code, confirm, heading, meter, modal, table, toast } from "../parts.js";
import { reload } from "./endpoint.js";

const SCOPES = /** @type {[string, string][]} */ ([
  ["inbound", "Send records (inbound)"],
  ["events:publish", "Publish events (events:publish)"],
  ["webhooks:manage", "Manage endpoints and deliveries (webhooks:manage)"],
  ["records:read", "Read records (records:read)"],
  ["keys:manage", "Manage API keys (keys:manage)"],
  ["audit:read", "Read the audit log (audit:read)"],
]);

/** @type {Ui.View} */
export async function keys({ signal }) {
  /** @type {Api.Key[]} */
  const list = await getAll("/api/keys", signal);
  // A hint is four characters: where two keys end alike, none of them is called this one.
  // Portal links need another scope than keys: who lacks it sees none.
  /** @type {Api.PortalLink[]} */
  const links = await getAll("/api/portal-links", signal).catch(() => []);
  const alike = list.filter(({ hint }) => isOwnKey(hint));
  const own = alike.length === 1 ? alike[0]?.id : undefined;
  return [
    heading("API keys", { lead: ["Who can call the API, with which permissions and limits. Batches have ", h("a", { href: "/docs/rate-limits#batches" }, "limits of their own"), "."], actions: [button("New key", () => edit(null), "primary")] }),
    table("API keys", ["Key", "Scopes", "This minute", "This hour", "Last used", "Expires", ""], list.map((key) => row(key, key.id === own))),
    ...(links.length ? [h("h2", "Portal links"),
      table("Portal links", ["Link", "Scopes", "May frame it", "Made by", "Expires", ""], links.map((link) => linkRow(link, list)))] : []),
  ];
}

/** @param {Api.Key} key @param {boolean} own the one that this tab has signed in with */
function row(key, own) {
  const action = (/** @type {string} */ word, /** @type {() => unknown} */ run, kind = "quiet") =>
    button(word, run, kind, { "aria-label": `${word} ${key.name}` });
  return h("tr",
    h("td", h("strong", key.name), " ", own && h("span.badge", "this key"), h("p.small.muted", h("code", key.hint)), h("p.small", h("a", { href: `#/requests?key=${key.id}`, "aria-label": `Refused calls of ${key.name}` }, "refused calls"))),
    h("td", chips(key.scopes)),
    h("td", meter(key.usage.perMinute, key.limits.perMinute, `Calls of ${key.name}, this minute`)),
    h("td", meter(key.usage.perHour, key.limits.perHour, `Calls of ${key.name}, this hour`)),
    h("td", time(key.lastUsedAt)),
    h("td", time(key.expiresAt)),
    h("td", h("div.actions", action("Edit", () => edit(key)), action("Rotate", () => rotate(key, own)), action("Revoke", () => revoke(key, own), "danger quiet"))));
}

/** @param {Api.PortalLink} link @param {Api.Key[]} keys */
function linkRow(link, keys) {
  const name = link.name ?? "Unnamed link";
  return h("tr",
    h("td", h("strong", name), " ", link.readOnly && h("span.badge", "view only"), h("p.small.muted", h("code", link.id))),
    h("td", chips(link.scopes)),
    h("td", chips(link.origins, "no page")),
    h("td", keys.find(({ id }) => id === link.keyId)?.name ?? h("span.muted", "a revoked key")),
    h("td", time(link.expiresAt)),
    h("td", h("div.actions", button("Revoke", () => revokeLink(link.id, name), "danger quiet", { "aria-label": `Revoke ${link.name ?? link.id}` }))));
}

/** @param {string} id @param {string} name */
async function revokeLink(id, name) {
  if (!(await confirm(`Revoke the link ${name}?`, "Who has opened it is refused within a minute.", "Revoke"))) return;
  await remove(to`/api/portal-links/${id}`);
  toast("The link was revoked.");
  reload();
}

/** @param {Api.Key | null} key the key to edit; null for a new one */
function edit(key) {
  const once = postOnce();
  const name = h("input", { name: "name", required: true, maxlength: 100, value: key?.name ?? "", placeholder: "ERP" });
  const expires = dateTime("expiresAt", key?.expiresAt ?? "");
  const before = expires.value;
  const scopes = SCOPES.map(([scope, word]) => choice("scopes", scope, word, key?.scopes.includes(scope) ?? scope === "inbound"));
  const dialog = modal(key ? `Edit “${key.name}”` : "New key", [form([
    field("Name", name, { hint: "The system that uses the key." }),
    group("Scopes", scopes, "scopes"),
    field(["Expires (", zoneLabel(), ")"], expires, { hint: "Leave empty if it never expires." }),
  ], key ? "Save" : "Create key", async (data) => {
    // What was not changed is not sent.
    const expiry = expires.value === before ? {} : { expiresAt: expires.value ? fromLocalInput(expires.value) : null };
    const body = { name: name.value, scopes: data.getAll("scopes").map(String), ...expiry };
    const saved = key ? await patch(to`/api/keys/${key.id}`, body) : await once("/api/keys", body);
    dialog.close();
    reload();
    if (saved.key) shownOnce(saved);
    else toast("Saved.");
  }, [closeButton()])]);
}

/**
 * Shows a key that can't be shown again. The dialog closes only once it was copied or the user insists.
 * @param {Api.Key} key
 * @param {string} [more]
 */
function shownOnce(key, more) {
  const shown = code(key.name, key.key ?? "");
  let copied = false;
  shown.querySelector("button")?.addEventListener("click", () => (copied = true));
  const question = h("div.notice", { role: "alert", hidden: true });
  const close = button("Done", ask, "primary");
  const dialog = modal("Your new key", [
    h("p", "It is shown only once. Store it with the secrets of the system that uses it.", more && ` ${more}`),
    shown, question, h("div.actions.end", close),
  ]);
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    ask();
  });
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  function ask() {
    if (copied) return dialog.close();
    question.hidden = false;
    const sure = button("Close without copying", () => dialog.close());
    question.replaceChildren(h("p", "You have not copied the key, and it can't be shown again."), h("div.inline", sure));
    sure.focus();
  }
}

/** @param {Api.Key} key @param {boolean} own */
function rotate(key, own) {
  const once = postOnce();
  const dialog = modal(`Rotate “${key.name}”`, [form([
    overlapField("How long the old key continues to work: 0 to 168."),
    own && h("p", "You are signed in with this key. Your tabs will continue with the new one."),
  ], "Rotate", async (data) => {
    const made = await once(to`/api/keys/${key.id}/rotate`, { overlapHours: Number(data.get("overlapHours")) });
    if (own) signIn(made.key);
    dialog.close();
    reload();
    shownOnce(made, own ? "Your tabs are now signed in with it." : "");
  }, [closeButton()])]);
}

/** @param {Api.Key} key @param {boolean} own */
async function revoke(key, own) {
  const text = ["Systems that use it are refused within a minute. This can't be undone.", own && h("strong", " You are signed in with this key, and will be signed out.")];
  if (!(await confirm(`Revoke “${key.name}”?`, text, "Revoke"))) return;
  await remove(to`/api/keys/${key.id}`);
  toast(`${key.name} was revoked.`);
  if (own) signOut();
  else reload();
}
