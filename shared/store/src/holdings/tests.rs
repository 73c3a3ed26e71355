use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::*;
use crate::item::{json as as_json, n, s};

const ACCOUNT: &str = "acc_01JAMB3X9T7Q2V5K8N4C6D0EFG";
const OTHER: &str = "acc_01JAMB3X9T7Q2V5K8N4C6D0EFH";

fn item(pk: &str, sk: &str) -> Item {
    crate::item::key(pk, sk)
}

#[test]
fn an_account_has_its_own_items_and_no_others() {
    let owner = Owner { account: ACCOUNT.to_owned(), key_ids: HashSet::from(["key_1".to_owned()]) };
    for own in [ACCOUNT, OTHER] {
        let is_own = own == ACCOUNT;
        for (holding, pk, sk) in [
            (Holding::Events, own.to_owned(), "1"),
            (Holding::Sums, format!("{own}#sums"), "hour#1"),
            (Holding::Records, format!("{own}#I#wo_1"), ""),
            (Holding::Answers, format!("{own}#/api/keys#{ACCOUNT}"), ""),
            (Holding::Markers, "shard#1".to_owned(), &*format!("01JAMB3X9T7Q2V5K8N4C6D0EFG#{own}#{ACCOUNT}")),
            (Holding::Account, format!("KEY#{own}"), "key_1"),
            (Holding::Account, "ACC".to_owned(), own),
            (Holding::Account, format!("LINK#{own}"), "lnk_1"),
            (Holding::Audit, own.to_owned(), "aud_1"),
            (Holding::RateWindows, format!("{}#4", if is_own { "key_1" } else { "key_10" }), ""),
            (Holding::RateWindows, format!("PACE#{own}#{ACCOUNT}"), ""),
        ] {
            assert_eq!(owner.has(holding, &item(&pk, sk)), is_own, "{pk} {sk}");
        }
        let by_hash = Item::from([("account".to_owned(), as_json(&json!({ "id": own })))]);
        let by_hash = item("HASH#1", "-").into_iter().chain(by_hash).collect();
        assert_eq!(owner.has(Holding::Account, &by_hash), is_own, "{own}");
        let frame = item("FRAME#lnk_1", "-").into_iter().chain([("of".to_owned(), s(own))]).collect();
        assert_eq!(owner.has(Holding::Account, &frame), is_own, "{own}");
    }
    assert!(
        !owner.has(Holding::Account, &item("HASH#1", "-"))
            && !owner.has(Holding::Deliveries, &item("sums", "progress"))
    );
}

#[test]
fn a_key_that_can_not_be_read_is_found_too() {
    let owner = Owner { account: ACCOUNT.to_owned(), key_ids: HashSet::new() };
    for (own, is_own) in [(ACCOUNT, true), (OTHER, false)] {
        let by_hash =
            item("HASH#1", "-").into_iter().chain([("account".to_owned(), s(format!("{{{own} and no JSON")))]);
        assert_eq!(owner.has(Holding::Account, &by_hash.collect()), is_own, "{own}");
    }
    let unreadable = item(&format!("KEY#{ACCOUNT}"), "key_1").into_iter().chain([("key".to_owned(), s("no JSON"))]);
    assert_eq!(key_id(&unreadable.collect()).as_deref(), Some("key_1"), "its rate windows are found by it");
    let link = item("HASH#2", "-").into_iter().chain([("link".to_owned(), as_json(&json!({ "id": "lnk_1" })))]);
    assert_eq!(key_id(&link.collect()).as_deref(), Some("lnk_1"), "and those of a portal link by its id");
}

#[test]
fn what_makes_work_is_erased_first() {
    let first = Holding::ALL.into_iter().take_while(|holding| holding.makes_work()).count();
    assert_eq!(first, Holding::ALL.into_iter().filter(|holding| holding.makes_work()).count());
}

#[test]
fn no_table_is_forgotten() {
    for table in tables::ALL {
        assert!(Holding::ALL.iter().any(|holding| holding.table() == *table), "{}", table.name);
    }
}

#[test]
fn a_line_has_everything_but_secrets() {
    let endpoint =
        json!({"url": "https://a.example", "secret": {"sealed": "k1.a.b", "hint": "cdef"}, "headers": {"A": "b"}});
    let mut stored = item(ACCOUNT, "ep_1");
    stored.insert("endpoint".to_owned(), as_json(&endpoint));
    stored.insert("sealedHeaders".to_owned(), as_json(&json!({"sealed": "k1.c.d", "masked": {"A": "…"}})));
    stored.insert("failedDays".to_owned(), AttributeValue::Ns(vec!["20381".to_owned()]));
    let line = Line::of(Holding::Endpoints, &stored).expect("a line");
    let shown = json!({"pk": ACCOUNT, "sk": "ep_1", "failedDays": [20381], "sealedHeaders": {"masked": {"A": "…"}},
        "endpoint": {"url": "https://a.example", "secret": {"hint": "cdef"}}});
    assert_eq!((line.kind, line.json), ("endpoints", shown));

    let body = json!({"id": "wo_1", "notes": "k1.x", "customFields": {"hash": "of a file"}, "amount": "x".repeat(900)});
    let mut record = Item::from([("pk".to_owned(), s(format!("{ACCOUNT}#I#wo_1"))), ("id".to_owned(), s("wo_1"))]);
    record.insert("body".to_owned(), crate::body::attribute(&body.to_string()));
    record.insert(
        "orders".to_owned(),
        AttributeValue::M(Item::from([("wo_2".to_owned(), as_json(&json!({"id": "wo_2"})))])),
    );
    record.insert("version".to_owned(), n(3));
    assert!(record["body"].is_b(), "a deflated one");
    let line = Line::of(Holding::Records, &record).expect("a line");
    let shown = json!({"pk": format!("{ACCOUNT}#I#wo_1"), "id": "wo_1", "version": 3, "body": body, "orders": {"wo_2": {"id": "wo_2"}}});
    assert_eq!((line.kind, line.json), ("work_orders", shown), "what users have sent is theirs, whatever it is called");

    for (holding, secret) in [
        (Holding::Records, Item::from([("sealed".to_owned(), s("k1.a.b")), ("fingerprint".to_owned(), s("ab"))])),
        (Holding::Answers, Item::from([("answer".to_owned(), s("k1.a.b")), ("fingerprint".to_owned(), s("ab"))])),
        (Holding::Account, Item::from([("key".to_owned(), as_json(&json!({"hash": "ab"})))])),
    ] {
        let item = item("x", "y").into_iter().chain(secret).collect();
        let text = Line::of(holding, &item).expect("a line").json.to_string();
        assert!(!text.contains("k1.") && !text.contains("ab"), "{text}");
    }
    assert_eq!(Line::of(Holding::Account, &item("HASH#1", "-")), None);
}
