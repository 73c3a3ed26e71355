/**
 * An integrator and a subscriber with the types of openapi-typescript: what is right compiles and is answered. What is
 * wrong does not compile, and neither does this file if it did.
 *
 * usage: client.js <address> <API key>
 */

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths, webhooks } from "./api.js";

type Schemas = components["schemas"];
type WorkOrderCreated = webhooks["workorder.created"]["post"]["requestBody"]["content"]["application/json"];
type CloudWorkOrderCreated = webhooks["workorder.created"]["post"]["requestBody"]["content"]["application/cloudevents+json"];

const [baseUrl = "", key = ""] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { "X-API-Key": key } });

const project: Schemas["Project"] = { projectNumber: "G-TS", name: "Bridge 12", status: "active" };
const employee: Schemas["Employee"] = { employeeNumber: "E-TS", firstName: "Ana", lastName: "Ruiz", role: "carpenter" };
const vendor: Schemas["Vendor"] = { vendorNumber: "V-TS", name: "Hill Country Gravel", vendorType: "supplier" };
const order: Schemas["WorkOrder"] = {
  workOrderNumber: "WO-TS",
  title: "Pour mat slab",
  priority: "high",
  projectNumber: "G-TS",
  assignments: [{ employeeNumber: "E-TS", lead: true }],
  materials: [{ name: "#5 rebar, 20 ft", quantity: 40, unit: "ea", unitCost: "0.0525", vendorNumber: "V-TS" }],
  customFields: { floor: 2, crane: true },
  siteContact: null,
};
const timeOff: Schemas["TimeOff"] = {
  requestNumber: "TO-TS",
  employeeNumber: "E-TS",
  type: "vacation",
  startDate: "2026-12-24",
  endDate: "2026-12-24",
};

const sent = [
  await api.POST("/api/webhook/project", { body: project }),
  await api.POST("/api/webhook/employee", { body: employee }),
  await api.POST("/api/webhook/vendor", { body: vendor }),
  await api.POST("/api/webhook/workorder", { body: order, params: { header: { "Idempotency-Key": "generators-ts" } } }),
  await api.POST("/api/webhook/timeoff", { body: timeOff }),
];
for (const { data, error } of sent) assert.equal(data?.action, "created", JSON.stringify(error));

const published: Schemas["Publication"] = {
  event: "workorder.deleted",
  idempotencyKey: "generators-ts",
  data: {
    id: "wo_abc123",
    workOrderNumber: "WO-TS2",
    title: "Pour mat slab",
    status: "cancelled",
    priority: "low",
    deletedAt: "2026-11-24T14:30:00Z",
  },
};
const { data: event } = await api.POST("/api/events", { body: published });
assert.equal(event?.duplicate, false);

const { data: feed } = await api.GET("/api/events", { params: { query: { order: "newest", event: "workorder.deleted" } } });
assert.equal(feed?.data[0]?.id, event.eventId);
assert.equal(feed.data[0]?.subject?.number, "WO-TS2");

const { error, response } = await api.POST("/api/webhook/workorder", { body: { workOrderNumber: "WO-TS3" } });
assert.equal(response.status, 400);
assert.equal(error?.code === "validation_failed" && error.errors?.[0]?.field, "title");

/** What a subscriber reads of an event. */
export const shown = ({ event, data }: WorkOrderCreated) => `${event}: ${data.workOrderNumber} ${data.priority.toUpperCase()}`;

/** The same of a CloudEvent, and of an event that only links to the whole. */
export const shownCloud = ({ subject, data }: CloudWorkOrderCreated) =>
  `${subject}: ${data.workOrderNumber} ${data.priority.toUpperCase()}`;
export const shownThin = ({ event, data }: Schemas["ThinEvent"]) =>
  `${event}: ${data.id} ${data.version ?? ""} ${data.url.slice(1)}`;

/** Each of these is refused, or TypeScript complains of the comment above it. */
export const wrong: {
  orders: Schemas["WorkOrder"][];
  projects: Schemas["Project"][];
  employees: Schemas["Employee"][];
  vendors: Schemas["Vendor"][];
  timeOff: Schemas["TimeOff"][];
  keys: Schemas["KeyBody"][];
  endpoints: Schemas["EndpointBody"][];
  publications: Schemas["Publication"][];
} = {
  orders: [
    // @ts-expect-error a number is a string
    { workOrderNumber: 12345, title: "Pour mat slab" },
    // @ts-expect-error not a word of this field
    { workOrderNumber: "WO-1", priority: "higher" },
    // @ts-expect-error not a field
    { workOrderNumber: "WO-1", sheduledStart: "2026-12-01T07:00:00-06:00" },
    // @ts-expect-error an amount of money is a string
    { workOrderNumber: "WO-1", notToExceed: 185000 },
    // @ts-expect-error a quantity is a number
    { workOrderNumber: "WO-1", materials: [{ name: "Rebar", quantity: "40", unit: "ea" }] },
    // @ts-expect-error a material has a unit
    { workOrderNumber: "WO-1", materials: [{ name: "Rebar", quantity: 40 }] },
  ],
  // @ts-expect-error not a word of this field
  projects: [{ projectNumber: "G-1", status: "closed" }],
  // @ts-expect-error a name is text
  employees: [{ employeeNumber: "E-1", firstName: true }],
  // @ts-expect-error not a field
  vendors: [{ vendorNumber: "V-1", iban: "DE02120300000000202051" }],
  // @ts-expect-error not a word of this field
  timeOff: [{ requestNumber: "TO-1", type: "leave" }],
  // @ts-expect-error not a scope
  keys: [{ name: "ERP", scopes: ["everything"] }],
  endpoints: [
    // @ts-expect-error a pace is a number
    { url: "https://erp.example.com", events: ["*"], maxPerSecond: "5" },
    // @ts-expect-error not a format
    { url: "https://erp.example.com", events: ["*"], format: "xml" },
  ],
  publications: [
    // @ts-expect-error not an event
    { event: "workorder.exploded", idempotencyKey: "1", data: published.data },
    // @ts-expect-error the data of another event
    { event: "report.generated", idempotencyKey: "1", data: published.data },
  ],
};

export async function neverCalled() {
  // @ts-expect-error not a status
  await api.GET("/api/deliveries", { params: { query: { status: "lost" } } });
  // @ts-expect-error an id is needed
  await api.GET("/api/endpoints/{id}");
  // @ts-expect-error no such call
  await api.GET("/api/webhook/workorder");
}
