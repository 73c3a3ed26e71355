import { get, patch, postOnce, to } from "../api.js";
import { eventTypes } from "../data.js";
import { h } from "../dom.js";
import { onOwnMachine } from "../format.js";
import { choice, field, form, group, select, words } from "../form.js";
import { button, card, code, heading, toast } from "../parts.js";
import { conditions } from "./conditions.js";

const FORMATS = [
  ["full", "Full: the whole event"],
  ["thin", "Thin: ids and a link to the event"],
  ["cloudevents", "CloudEvents 1.0: the whole event"],
];

/** @type {Ui.View} */
export async function newEndpoint() {
  const place = h("div");
  const once = postOnce();
  place.append(await endpointForm(null, "Create endpoint", async (body) => {
    const made = await once("/api/endpoints", body);
    place.replaceChildren(created(made));
    place.querySelector("h2")?.focus();
  }));
  return [heading("New endpoint", { crumb: ["#/endpoints", "Endpoints"] }), place];
}

/** @type {Ui.View} */
export async function editEndpoint({ path, signal }) {
  const id = path[1] ?? "";
  const endpoint = await get(to`/api/endpoints/${id}`, signal);
  const element = await endpointForm(endpoint, "Save", async (body) => {
    await patch(to`/api/endpoints/${id}`, body);
    toast("Saved.");
    location.hash = `#/endpoints/${id}`;
  });
  return [heading("Edit endpoint", { crumb: [`#/endpoints/${id}`, "Endpoint"] }), element];
}

/** @param {Api.Endpoint} endpoint */
function created(endpoint) {
  const shown = card("Endpoint created",
    h("p", "This is its signing secret. Your receiver needs it to verify deliveries."),
    code("Signing secret", endpoint.secret ?? ""),
    onOwnMachine && [h("p", "Try it on your own machine:"), code("Terminal", "cargo run --bin receiver -- whsec_...", false)],
    h("div.actions", h("a.button.primary", { href: `#/endpoints/${endpoint.id}` }, "Send a test")));
  // Focused by the caller, so that screen readers announce it in place of the form.
  shown.querySelector("h2")?.setAttribute("tabindex", "-1");
  return shown;
}

/**
 * @param {Api.Endpoint | null} endpoint the endpoint to edit; null for a new one
 * @param {string} action
 * @param {(body: Record<string, unknown>) => Promise<void>} save
 */
async function endpointForm(endpoint, action, save) {
  const types = await eventTypes();
  const chosen = new Set(endpoint?.events ?? ["*"]);
  const headers = headerRows(endpoint?.headers ?? {});
  const url = h("input", { name: "url", type: "url", required: true, value: endpoint?.url ?? "", placeholder: "https://", autocomplete: "url" });
  const description = h("input", { name: "description", maxlength: 500, value: endpoint?.description ?? "" });
  const projects = h("input", { name: "projectIds", value: endpoint?.projectIds.join(" ") ?? "", placeholder: "proj_..." });
  const chosenBy = (/** @type {FormData} */ data) => ({ events: data.getAll("events").map(String), projectIds: words(projects.value) });
  const more = conditions(endpoint, chosenBy);
  const pace = h("input", { name: "maxPerSecond", type: "number", min: 1, max: 500, value: endpoint?.maxPerSecond ?? "", placeholder: "no limit" });
  const format = select("format", FORMATS, endpoint?.format ?? "full");
  return form([
    field("URL", url, { hint: `A public HTTPS address.${onOwnMachine ? " On your own machine http://127.0.0.1:4000/ works too." : ""}` }),
    field("Description", description, { hint: "A name for your team." }),
    group("Events", [picker(types.map(({ name }) => name), chosen)], "events"),
    field("Only these projects", projects, { hint: "Ids, separated by spaces. Leave empty for all projects." }),
    more.element,
    more.guard,
    field("Attempts a second, at most", pace, { hint: "1 to 500; the others wait in line. Leave empty for no limit." }),
    field("Format", format, { hint: ["What is sent of an event. A change counts from the next attempt on. ", h("a", { href: "/docs/formats" }, "Examples")] }),
    group("Custom headers", [headers.element, h("p.hint", "Up to 10, such as Authorization, sent with each delivery. Values are hidden: to change one, enter all of them again.")], "headers"),
  ], action, async (data) => {
    const own = headers.read();
    await save({
      url: url.value.trim(),
      description: description.value.trim() || null,
      ...chosenBy(data),
      ...more.read(),
      maxPerSecond: pace.value === "" ? null : pace.valueAsNumber,
      format: format.value,
      // Values come masked: they are sent only when they were entered again, or the masks would be stored.
      ...(own ? { headers: own } : {}),
    });
  });
}

/**
 * Every event, groups and single events: a wider choice disables the narrower ones that it includes.
 * @param {string[]} names
 * @param {Set<string>} chosen
 */
function picker(names, chosen) {
  const all = choice("events", "*", "Every event, including future ones", chosen.has("*"));
  const groups = [...new Set(names.map((name) => name.split(".")[0] ?? ""))].map((name) => {
    const wide = `${name}.*`;
    const own = names.filter((event) => event.startsWith(`${name}.`));
    return h("div", choice("events", wide, wide, chosen.has(wide)),
      h("div.choices", own.map((event) => choice("events", event, event.split(".")[1] ?? event, chosen.has(event)))));
  });
  const element = h("div.picker", all, ...groups);
  const settle = () => {
    const everything = /** @type {HTMLInputElement} */ (all.querySelector("input")).checked;
    for (const group of groups) {
      const [wide, ...single] = /** @type {HTMLInputElement[]} */ ([...group.querySelectorAll("input")]);
      if (!wide) continue;
      // A dash: it is among those that were chosen together.
      wide.disabled = wide.indeterminate = everything;
      for (const input of single) input.disabled = input.indeterminate = everything || wide.checked;
    }
  };
  element.addEventListener("change", settle);
  settle();
  return element;
}

/** @param {Record<string, string>} present */
function headerRows(present) {
  const rows = h("div");
  let touched = false;
  const add = (/** @type {string} */ name, /** @type {string} */ value) => {
    const row = h("div.row",
      h("input", { "aria-label": "Header name", placeholder: "Authorization", value: name }),
      h("input", { "aria-label": "Header value", placeholder: value || "Bearer ..." }),
      button("Remove", () => { touched = true; row.remove(); }, "quiet"));
    rows.append(row);
  };
  for (const [name, value] of Object.entries(present)) add(name, value);
  rows.addEventListener("input", () => (touched = true));
  const element = h("div", rows, button("Add a header", () => add("", ""), "quiet"));
  const read = () => {
    if (!touched) return null;
    const pairs = [...rows.children].map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()));
    return Object.fromEntries(pairs.filter(([name]) => name));
  };
  return { element, read };
}
