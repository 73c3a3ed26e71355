//! `accounts export`.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::admin;
use super::planted::{TAX_ID, everything, split, two_accounts, words_of};

#[tokio::test]
async fn everything_of_an_account_is_in_files_without_its_secrets() {
    let (app, other, _receivers) = two_accounts().await;
    let words = words_of(&app, "Quokka").await;
    let (own, _) = split(everything(&app).await, &words);
    let secrets: Vec<String> = {
        let endpoints = app.get("/api/endpoints").await.expect(200).body;
        let ids =
            endpoints["data"].as_array().unwrap().iter().map(|endpoint| endpoint["id"].as_str().unwrap().to_owned());
        let paths = ids.map(|id| format!("/api/endpoints/{id}/secret"));
        let mut secrets = vec![app.key.clone(), TAX_ID.to_owned(), "k1.".to_owned(), "long ago".to_owned()];
        for path in paths {
            secrets.push(app.get(&path).await.expect(200).body["secret"].as_str().unwrap().to_owned());
        }
        secrets
    };
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("acme/export");
    let command = ["accounts", "export", "--account", &app.account, "--output", output.to_str().unwrap(), "--json"];
    let report = admin(&app, &command).await.json();

    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for file in fs::read_dir(&output).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(!text.contains("\"hash\"") && !text.contains("fingerprint") && !text.contains("HASH#"), "{text}");
        assert!(!text.contains("Numbat") && !text.contains(&other.account), "{text}");
        let kind = path.file_stem().unwrap().to_str().unwrap().to_owned();
        lines.insert(kind, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
    }
    let kinds: Vec<&str> = lines.keys().map(String::as_str).collect();
    let expected = [
        "account",
        "alerts",
        "answers",
        "audit",
        "deleted_records",
        "deliveries",
        "employees",
        "endpoints",
        "events",
        "keys",
        "markers",
        "portal_links",
        "projects",
        "rate_windows",
        "refused_calls",
        "statistics",
        "subscriptions",
        "tax_ids",
        "time_off",
        "used_numbers",
        "vendors",
        "work_orders",
    ];
    assert_eq!(kinds, expected);
    let counts: BTreeMap<&str, usize> = lines.iter().map(|(kind, lines)| (kind.as_str(), lines.len())).collect();
    assert_eq!(report["lines"], json!(counts));
    // Of two keys and a portal link, and who may frame the latter.
    let beside = own.iter().filter(|(_, text)| text.contains("pk: HASH#") || text.contains("pk: FRAME#")).count();
    assert_eq!((counts.values().sum::<usize>(), beside), (own.len() - beside, 4), "every item has its line");
    assert_eq!(lines["projects"][0]["body"]["name"], "Quokka");
    assert!(lines["projects"][0]["body"]["description"].as_str().unwrap().len() > 1_000, "inflated");
    let event = lines["events"].iter().find(|item| item["events"][0]["name"] == "report.generated").unwrap();
    assert_eq!(event["events"][0]["body"]["data"]["name"], "Quokka");
    assert_eq!(lines["tax_ids"][0]["last4"], "6789");

    let again = admin(&app, &command).await;
    assert!(again.complaint(1).contains("not empty"), "{}", again.err);
    let unknown = ["accounts", "export", "--account", "acc_01JAMB3X9T7Q2V5K8N4C6D0EFG", "--output"];
    let nothing = directory.path().join("nothing");
    let unknown = admin(&app, &[&unknown[..], &[nothing.to_str().unwrap()]].concat()).await;
    assert!(unknown.complaint(1).contains("nothing is stored"), "{}", unknown.err);
    app.drain().await;
    app.advance(Duration::from_mins(2)).await;
    app.drain().await;
}
