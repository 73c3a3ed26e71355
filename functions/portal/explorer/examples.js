// @ts-check
/** The examples of the description, filled in from the account of this tab's key, so that a call works as it stands. */

import { get, signedIn } from "/console/api.js";

/**
 * The latest of what there is in the account: undefined where there is nothing, or nothing that the key may see.
 * @typedef {{ endpoints?: Api.Endpoint, deliveries?: Api.Delivery, events?: Api.Event, alerts?: Api.Alert, keys?: Api.Key,
 *   "portal-links"?: Api.PortalLink }} Latest
 * @typedef {Latest & { failed?: Api.Delivery, employee?: string, record?: Api.Subject }} Account
 */

/**
 * Calls that change nothing of what their id names, with the bodies below. Others that are no GET are left without an id, and
 * are not sent until somebody names what is to be changed or ended.
 */
const HARMLESS = ["test-endpoint", "replay", "change-endpoint", "change-key"];

/**
 * Bodies in the place of the description's: changes that leave all as it is, and an address that exists and gets nothing
 * before the endpoint is enabled.
 * @type {Record<string, (account: Account, example: object) => object | undefined>}
 */
const BODIES = {
  "create-endpoint": (_, example) => ({ ...example, url: `${location.origin}/replace-with-your-receiver`, status: "disabled" }),
  "change-endpoint": ({ endpoints }) => endpoints && { description: endpoints.description },
  "change-key": ({ keys }) => keys && { name: keys.name },
  "send-timeoff": ({ employee }, example) => (employee ? { ...example, employeeNumber: employee } : undefined),
  "send-timeoff-batch": ({ employee }, example) =>
    employee ? { records: /** @type {any} */ (example).records.map(of(employee)) } : undefined,
};

/** @param {string} employeeNumber */
const of = (employeeNumber) => (/** @type {object} */ record) => ({ ...record, employeeNumber });

/**
 * The description with examples for this account.
 * @param {any} description OpenAPI, as it is served
 */
export async function fillIn(description) {
  const account = signedIn() ? await look() : {};
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const parameter = (/** @type {string} */ wanted) =>
        operation.parameters.find((/** @type {{ name: string }} */ { name }) => name === wanted);
      const id = parameter("id");
      if (id) id.example = idFor(account, path, method, operation.operationId);
      if (account.record && parameter("record")) {
        parameter("type").example = account.record.type;
        parameter("record").example = account.record.id;
      }
      const body = operation.requestBody?.content["application/json"];
      if (body) body.example = BODIES[operation.operationId]?.(account, body.example) ?? body.example;
    }
  return description;
}

/**
 * @param {Account} account
 * @param {string} path `/api/endpoints/{id}`
 * @param {string} method
 * @param {string} operation
 */
function idFor(account, path, method, operation) {
  if (operation === "retry-delivery") return account.failed?.id;
  const thing = /** @type {keyof Latest} */ (path.split("/")[2]);
  return method === "get" || HARMLESS.includes(operation) ? account[thing]?.id : undefined;
}

/** @returns {Promise<Account>} */
async function look() {
  const [endpoints, deliveries, events, alerts, keys, links] = await Promise.all([
    list("/api/endpoints?limit=100"),
    list("/api/deliveries?limit=100"),
    list("/api/events?order=newest&limit=50"),
    list("/api/alerts?limit=1"),
    list("/api/keys?limit=1"),
    list("/api/portal-links?limit=1"),
  ]);
  const enabled = endpoints.filter((/** @type {Api.Endpoint} */ { status }) => status === "enabled");
  const ids = enabled.map((/** @type {Api.Endpoint} */ { id }) => id);
  const retried = (/** @type {Api.Delivery} */ { status, test, endpointId }) =>
    status === "failed" && !test && ids.includes(endpointId);
  // The latest that was heard of an employee, unless it is that there is none any more.
  const told = events.find((/** @type {Api.Event} */ { subject }) => subject?.type === "employee");
  return {
    endpoints: enabled[0] ?? endpoints[0],
    deliveries: deliveries[0],
    events: events[0],
    alerts: alerts[0],
    keys: keys[0],
    "portal-links": links[0],
    failed: deliveries.find(retried),
    employee: told?.event === "employee.deleted" ? undefined : told?.subject?.number,
    record: events.find((/** @type {Api.Event} */ { subject }) => subject)?.subject,
  };
}

/**
 * The latest of a list; none if the key may not see them.
 * @param {string} path
 */
const list = (path) =>
  get(path).then(
    ({ data }) => data,
    () => [],
  );
