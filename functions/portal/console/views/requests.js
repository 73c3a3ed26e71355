import { withQuery } from "../api.js";
import { h } from "../dom.js";
import { exportButton, recordColumns } from "../export.js";
import { filterBar, oneOf, plain, spanFilter, typed, wantedBy } from "../filters.js";
import { count, time } from "../format.js";
import { growingList, nothing, pagesOf } from "../list.js";
import { heading } from "../parts.js";

const FILTERS = ["status", "code", "key", "number", "since", "until"];
const STATUSES = ["400", "403", "404", "405", "409", "413", "415", "422", "429"];

/** What to do about each code. */
const ADVICE = /** @type {Record<string, string>} */ ({
  validation_failed: "Correct the fields that are named, then send it again.",
  malformed_json: "The body is not JSON. Correct what writes it.",
  duplicate_key: "The body has a name twice. Correct what writes it.",
  forbidden: "The key lacks the scope for this call. Add it, or use another key.",
  not_found: "Check the path and the id. An update needs a record that exists.",
  method_not_allowed: "Use a method that this path supports.",
  already_exists: "The record exists. Send it without the operation create.",
  version_conflict: "The record has changed meanwhile. Read what changed, then decide.",
  invalid_state_transition: "The present status does not allow it. Compare the states in the docs.",
  overlap: "The employee has other time off then. Change or cancel that first.",
  still_referenced: "Other records refer to it. Change those first.",
  immutable_field: "The field can't change by itself. Its page says what has to come with it.",
  external_ref_mismatch: "Two records of your system share this number. Give one of them another.",
  idempotency_key_in_use: "The first request was still running. Send it again.",
  idempotency_key_reused: "Send another body under a new Idempotency-Key.",
  limit_reached: "The account has as many as it may have. Delete one, or ask for more.",
  last_key: "Create another key that manages keys first.",
  already_delivered: "It has arrived. Send it again only by force.",
  payload_too_large: "Send at most 131,072 bytes, in a batch 1,048,576.",
  unsupported_media_type: "Send uncompressed JSON, as application/json.",
  rate_limit_exceeded: "Wait as long as Retry-After says. One such call of a key is listed a minute.",
});

/** @type {Ui.View} */
export async function requests(route) {
  const wanted = wantedBy(route.query, FILTERS);
  const read = pagesOf("/api/requests", () => wanted);
  const look = {
    label: "Refused calls", columns: ["When", "Call", "Why", "Record", "Key"], row,
    none: nothing("No refused calls", "Calls with a key of this account that get a 4xx response are listed here for 7 days.", wanted),
    tools: [exportButton({
      name: "refused-calls", read, at: (one) => one.createdAt,
      row: ({ subject, ...one }) => ({ ...one, ...recordColumns(subject) }),
    })],
  };
  const list = growingList(look, read, route);
  const bar = filterBar("Filter refused calls", "#/requests", wanted, [
    oneOf("Status", "status", plain(STATUSES), wanted),
    oneOf("Code", "code", plain(Object.keys(ADVICE)), wanted),
    typed("Number", "number", "WO-12345", wanted),
    typed("Key id", "key", "key_...", wanted),
    spanFilter(wanted),
  ], () => list);
  await bar.load();
  return [
    heading("Refused calls", { lead: ["Why calls of the last 7 days were not accepted: what was wrong, and never what was sent. ",
      h("a", { href: "/docs/errors#refused-calls-of-the-last-week" }, "What is listed")] }),
    bar.form, list.element,
  ];
}

/** Why a call was refused, and what to do. @param {Api.RefusedCall} call */
export const why = ({ id, status, code, errors, errorCount, truncated }) => h("div",
  h("span.num", `${status} `), h("a", { href: `/docs/errors/${code}`, "data-key": id }, code),
  h("p.told", ADVICE[code], truncated && status !== 429 && " Later ones of this minute may be missing."),
  errors.map(({ field, code }) => h("p.small", field === null ? h("span.muted", "a name that is not kept") : h("code", field), ": ", code)),
  errorCount > errors.length && h("p.small.muted", `and ${count(errorCount - errors.length)} more`));

/** @param {Api.RefusedCall} call */
const row = (call) => h("tr",
  h("td", time(call.createdAt)),
  h("td", h("p", h("code", `${call.method} ${call.path}`)), h("p.small.muted", h("code", call.id))),
  h("td", why(call)),
  h("td", call.subject && h("a", { href: withQuery("#/search", { q: call.subject.number }) }, call.subject.number)),
  h("td", h("a", { href: `#/requests?key=${call.keyId}`, "data-key": `${call.id} key` }, call.keyName)));
