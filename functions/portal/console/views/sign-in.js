import { ApiError, getAs, signIn } from "../api.js";
import { h } from "../dom.js";
import { onOwnMachine } from "../format.js";
import { field, form } from "../form.js";
import { sentence } from "../parts.js";

/** Asks for a key, and tries it before it is stored. @param {() => void} done */
export function signInView(done) {
  const alert = () => /** @type {HTMLElement} */ (document.querySelector("form .defect[role=alert]"));
  const key = h("input", { name: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, placeholder: "wsk_..." });
  return outside("WorkSkedge Webhooks", "Manage the endpoints, deliveries, events and keys of your account.",
    form([field("API key", key, { hint: "Kept by the open tabs of this console until you sign out or close the last one, and sent only to this site." })], "Sign in", submit),
    h("details", h("summary", "Where do I get a key?"),
      onOwnMachine && h("p", "On your own machine, the first start prints one and stores it: ", h("code", "cat .workskedge/api-key")),
      h("p", onOwnMachine ? "In a deployment, an operator creates one: " : "An operator of this deployment creates one: ", h("code", "workskedge-admin accounts create")),
      h("p", "Managing endpoints needs the scope ", h("code", "webhooks:manage"), ", reading records ", h("code", "records:read"), ", managing keys ", h("code", "keys:manage"), ".")),
    h("p.links", h("a", { href: "/docs" }, "Docs"), h("a", { href: "/docs/explorer" }, "API explorer")));

  async function submit() {
    const text = key.value.trim();
    if (!/^[\x21-\x7e]+$/.test(text)) throw new ApiError(400, { detail: "Enter an API key. It begins with wsk_." }, null);
    try {
      await getAs(text, "/api/endpoints?limit=1");
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 403 && (await managesKeys(text)))) {
        alert().textContent = refusal(error);
        key.focus();
        return;
      }
      location.hash = "#/keys";
    }
    signIn(text);
    done();
  }
}

/** What is left to say when a portal link has ended: nobody enters a key where another page shows the console. */
export const expiredView = () => outside("This link has expired", "Go back to the page that you came from and open it again.");

/** @param {string} title @param {string} lead @param {...HTMLElement} more */
const outside = (title, lead, ...more) =>
  h("div.sign-in.card",
    h("img", { src: "/console/icon.svg", alt: "", width: 44, height: 44 }),
    h("h1", title),
    h("p.lead", lead),
    ...more);

/** @param {string} key */
const managesKeys = (key) => getAs(key, "/api/keys?limit=1").then(() => true, () => false);

/** @param {unknown} error */
function refusal(error) {
  const status = error instanceof ApiError ? error.status : 0;
  if (status === 401) return "This key is unknown, revoked or expired.";
  if (status === 403) return "This key lacks the scope webhooks:manage, which the console needs.";
  return sentence(error);
}
