//! Who may call, and what they changed: keys, portal links and the audit log.

use domain::api_key::Scope::{ManageKeys, ManageWebhooks, ReadAudit};
use inbound::manage::parameters;
use inbound::problem::ProblemCode::{InvalidStateTransition, LastKey};
use serde_json::json;

use super::call::Call;

pub(super) fn calls() -> Vec<Call> {
    let mut calls = keys();
    calls.extend(links());
    calls.push(audit());
    calls
}

fn keys() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, format!("/api/keys{path}"), id, ManageKeys);
    vec![
        call("get", "", "list-keys")
            .about("API keys", "List keys", "Newest first, with their current usage.")
            .filtered_by(parameters::KEYS)
            .answers(200, "One page", "KeyPage"),
        call("post", "", "create-key")
            .about("API keys", "Create a key", "This response is the only one that shows the key.")
            .takes("KeyBody", json!({ "name": "ERP", "scopes": ["inbound"] }))
            .answers(201, "The key", "KeyCreated"),
        call("get", "/{id}", "get-key").about("API keys", "Get a key", "").answers(200, "The key", "Key"),
        call("patch", "/{id}", "change-key")
            .about("API keys", "Change a key", "Absent fields stay as they are.")
            .takes("KeyChange", json!({ "name": "ERP, nightly" }))
            .answers(200, "The key", "Key")
            .fails_with(&[LastKey]),
        call("delete", "/{id}", "delete-key")
            .about("API keys", "Revoke a key", "It is refused everywhere within 60 seconds.")
            .answers_nothing("Deleted")
            .fails_with(&[LastKey]),
        call("post", "/{id}/rotate", "rotate-key")
            .about(
                "API keys",
                "Rotate a key",
                "Creates a key with the same scopes and limits. The old one expires after the overlap.",
            )
            .may_take("Rotation", json!({ "overlapHours": 24 }))
            .answers(201, "The new key", "KeyRotated")
            .fails_with(&[InvalidStateTransition]),
    ]
}

fn links() -> Vec<Call> {
    let call = |method, path: &str, id: &str| Call::new(method, format!("/api/portal-links{path}"), id, ManageWebhooks);
    let body = json!({
        "name": "user 4711", "scopes": ["webhooks:manage"], "readOnly": true, "expiresIn": 3600, "theme": "auto",
        "origins": ["https://app.example.com"],
    });
    vec![
        call("get", "", "list-portal-links")
            .about("Portal links", "List portal links", "Newest first: those that work, and those that expired within a day.")
            .filtered_by(parameters::LINKS)
            .answers(200, "One page", "PortalLinkPage"),
        call("post", "", "create-portal-link")
            .about(
                "Portal links",
                "Create a portal link",
                "`url` opens the console without an API key, in a frame of the `origins` or in a tab. This response is the \
                 only one that has it. The link can do what its `scopes` say and the key that made it can do as well, with \
                 that key's rate limits, until it expires or that key does. [Portal links](/docs/portal-links)",
            )
            .takes("PortalLinkBody", body)
            .answers(201, "The link", "PortalLinkCreated"),
        call("get", "/{id}", "get-portal-link").about("Portal links", "Get a portal link", "").answers(200, "The link", "PortalLink"),
        call("delete", "/{id}", "revoke-portal-link")
            .about("Portal links", "Revoke a portal link", "Its token is refused everywhere within 60 seconds.")
            .answers_nothing("Deleted"),
    ]
}

fn audit() -> Call {
    Call::new("get", "/api/audit", "list-changes", ReadAudit)
        .about(
            "Audit log",
            "List changes",
            "Changes of endpoints, API keys, portal links and the account in the last 400 days, newest first: who made them, from \
             where, and what was there before and after, without secrets. A page can have fewer results than `limit` and still a \
             next page. [The audit log](/docs/audit-log)",
        )
        .filtered_by(parameters::AUDIT)
        .answers(200, "One page", "AuditEntryPage")
}
