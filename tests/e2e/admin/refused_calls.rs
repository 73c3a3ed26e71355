//! Erasing an employee from the refused calls.

use serde_json::json;
use store::tables::REQUESTS;
use tests::{Tenant, TestApp};

use super::admin;
use super::people::{ERASE, employee};
use super::planted::everything;
use crate::crew::{EMPLOYEE, WORK_ORDER, id, ok};

/// Calls about the employee E-1, and others.
async fn be_refused(tenant: &Tenant) {
    for (path, number) in [(EMPLOYEE, "E-1"), (EMPLOYEE, "e-1"), (EMPLOYEE, "E-10"), (WORK_ORDER, "E-1")] {
        let name = if path == EMPLOYEE { "employeeNumber" } else { "workOrderNumber" };
        tenant.post(path, json!({name: number, "role": 5, "title": 5})).await.expect(400);
    }
    let keyed = json!({"name": "For Quilla Quokka", "scopes": ["inbound"]});
    let key = tenant.post("/api/keys", keyed).await.expect(201).body["key"].as_str().expect("a key").to_owned();
    tenant.request("GET", "/api/keys").key(&key).send().await.expect(403);
}

async fn kept(app: &TestApp) -> Vec<String> {
    let all = everything(app).await.into_iter();
    all.filter(|(table, _)| *table == REQUESTS.name).map(|(_, text)| text).collect()
}

#[tokio::test]
async fn refused_calls_about_an_erased_employee_go_and_others_stay() {
    let app = TestApp::start().await;
    let other = app.tenant("Other").await;
    for tenant in [&**app, &other] {
        ok(tenant.post(EMPLOYEE, employee()).await);
        be_refused(tenant).await;
    }
    let person = id(&app.post(EMPLOYEE, employee()).await);
    app.get(&format!("/api/endpoints/{person}")).await.expect(404);
    app.drain().await;
    assert_eq!(kept(&app).await.len(), 11);

    let command = [&ERASE[..], &["--account", &app.account, "--json"]].concat();
    let dry = ["people", "erase", "--employee", "E-1", "--dry-run", "--account", &app.account, "--json"];
    assert_eq!(admin(&app, &dry).await.json()["removed"][REQUESTS.name], 4);
    assert_eq!(kept(&app).await.len(), 11);
    assert_eq!(admin(&app, &command).await.json()["removed"][REQUESTS.name], 4);
    let (own, theirs): (Vec<_>, Vec<_>) = kept(&app).await.into_iter().partition(|text| text.contains(&app.account));
    assert_eq!((own.len(), theirs.len()), (2, 5), "{own:?}");
    assert!(own.iter().any(|text| text.contains("foldedNumber: e-10")), "{own:?}");
    assert!(own.iter().any(|text| text.contains("\"workorder\"")), "an order with such a number is none: {own:?}");
    app.drain().await;
}
