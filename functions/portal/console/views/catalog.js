import { allEndpoints, eventTypes, nameOf } from "../data.js";
import { h } from "../dom.js";
import { viewOnly } from "../link.js";
import { card, code, heading, table } from "../parts.js";
import { testForm } from "./test-send.js";

/** @type {Ui.View} */
export async function catalog({ path }) {
  const types = await eventTypes();
  const type = types.find(({ name }) => name === path[1]);
  if (!type) {
    const groups = [...new Set(types.map(({ group }) => group))];
    return [heading("Event catalog", { lead: "Every event type, with its fields and an example." }),
      ...groups.map((group) => card(group, table(group, ["Event", "When"], types.filter((one) => one.group === group).map((one) =>
        h("tr", h("td", h("a.strong", { href: `#/catalog/${one.name}` }, one.name)), h("td", one.description))))))];
  }
  const endpoints = await allEndpoints();
  const data = type.schema.properties?.data ?? {};
  return [
    heading(type.name, { crumb: ["#/catalog", "Event catalog"], lead: `${type.description}.` }),
    card("Fields of data", table("Fields of data", ["Field", "Type", "Nullable"], Object.entries(data.properties ?? {}).map(row))),
    card("Example", code("Body", JSON.stringify(type.example, null, 2))),
    endpoints.length > 0 && !viewOnly && card("Send a test", testForm({ endpoints: endpoints.map((one) => [one.id, nameOf(one)]), types: [type] })),
  ].filter((part) => part instanceof HTMLElement);
}

/** @param {[string, any]} field */
function row([name, schema]) {
  const types = [schema.type ?? []].flat();
  const words = schema.enum ? schema.enum.filter((/** @type {unknown} */ word) => word !== null).map((/** @type {string} */ word) => h("code.chip", word))
    : [types.filter((word) => word !== "null").join(" or "), schema.items?.type ? ` of ${[schema.items.type].flat().join(" or ")}` : schema.format ? ` (${schema.format})` : ""];
  return h("tr", h("td", h("code", name)), h("td", words),
    h("td", types.includes("null") || schema.enum?.includes(null) ? "yes" : "no"));
}
