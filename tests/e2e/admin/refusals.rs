//! What the program answers when it can't do what it is asked.

use std::collections::HashMap;

use domain::ids;
use serde_json::json;
use tests::TestApp;

use super::{account, account_names, admin, run};

fn new_id(app: &TestApp, prefix: &str) -> String {
    ids::new_id(prefix, app.now())
}

#[tokio::test]
async fn an_unknown_id_is_named() {
    let app = TestApp::start().await;
    let [acc, key, dlv] = ["acc_", "key_", "dlv_"].map(|prefix| new_id(&app, prefix));
    let own = app.account.clone();
    let [other_account, other_key, _] = account(&app, "Other").await;
    for (command, missing) in [
        (vec!["keys", "list", "--account", &acc], &acc),
        (vec!["keys", "create", "--account", &acc, "--name", "x", "--scope", "inbound"], &acc),
        (vec!["keys", "set-limits", &key, "--account", &own, "--per-hour", "1"], &key),
        (vec!["keys", "set-limits", &other_key, "--account", &own, "--per-hour", "1"], &other_key),
        (vec!["keys", "revoke", &other_key, "--account", &own], &other_key),
        (vec!["deliveries", "show", &dlv, "--account", &own], &dlv),
        (vec!["alerts", "list", "--account", &acc], &acc),
    ] {
        let done = admin(&app, &command).await;
        assert!(done.complaint(1).contains(missing.as_str()), "{command:?}: {}", done.err);
    }
    let keys = admin(&app, &["keys", "list", "--account", &other_account, "--json"]).await.json();
    assert_eq!(keys["data"][0]["limits"], json!({"perHour": 1000, "perMinute": 50}), "another account's key stays");
}

#[tokio::test]
async fn a_table_or_queue_that_is_missing_is_named_with_what_to_check() {
    let app = TestApp::start().await;
    for (command, place) in [
        (&["accounts", "list"][..], "the table nowhere-api-keys at http://embedded.invalid"),
        (&["accounts", "create", "--name", "x"], "the table nowhere-api-keys"),
        (&["queues", "list"], "the queue nowhere-"),
        (&["queues", "redrive", "retry"], "the queue nowhere-retry-dead"),
    ] {
        let done = run(&app, HashMap::new(), &[command, &["--stack", "nowhere"]].concat()).await;
        let complaint = done.complaint(3);
        assert!(complaint.contains(place) && complaint.contains("--stack"), "{command:?}: {complaint}");
    }
    let done = run(&app, HashMap::new(), &["accounts", "list"]).await;
    assert!(done.complaint(3).contains("workskedge-webhooks-api-keys"), "{}", done.err);
}

#[tokio::test]
async fn a_variable_wins_over_the_stack_and_says_so() {
    let app = TestApp::start().await;
    let done = admin(&app, &["--stack", "nowhere", "accounts", "list", "--json"]).await;
    assert_eq!(done.json()["data"].as_array().map(Vec::len), Some(2));
    assert!(done.err.contains("API_KEYS_TABLE"), "{}", done.err);
}

#[tokio::test]
async fn arguments_that_can_not_be_read_are_a_usage_error_and_change_nothing() {
    let app = TestApp::start().await;
    let key = new_id(&app, "key_");
    for command in [
        &["accounts", "create"][..],
        &["accounts", "create", "--name", "x", "--time-zone", "Mars/Olympus", "--currency", "usd"],
        &["accounts", "create", "--name", ""],
        &["keys", "list", "--account", "acc_1"],
        &["keys", "set-limits", &key, "--account", &app.account],
        &["keys", "set-limits", &key, "--account", &app.account, "--per-hour", "0"],
        &["keys", "create", "--account", &app.account, "--name", "x", "--scope", "admin"],
        &["queues", "redrive", "orders"],
        &[],
    ] {
        let done = admin(&app, command).await;
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{command:?}: {}", done.err);
        assert!(!done.err.is_empty());
    }
    let done = admin(&app, &["accounts", "create", "--name", "x", "--time-zone", "Mars", "--currency", "usd"]).await;
    let complaint = done.complaint(2);
    assert!(complaint.contains("--time-zone must be") && complaint.contains("--currency must be"), "{complaint}");
    assert_eq!(account_names(&app).await, ["Test", "Local"]);
}
