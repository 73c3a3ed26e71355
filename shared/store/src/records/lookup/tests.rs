use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::item::{json, n, s};

const ACCOUNT: &str = "acc_1";
/// Ids that follow from no number here.
const X: &str = "wo_01JAMB3X9T7Q2V5K8N4C6D0EFG";
const Y: &str = "wo_01JAMB3X9T7Q2V5K8N4C6D0EFH";

fn slot(number: &str) -> ItemKey {
    Slot::key_of(ACCOUNT, Kind::WorkOrder, number)
}

fn old(number: &str) -> ItemKey {
    ItemKey::old(Kind::WorkOrder, number)
}

fn number(number: &str) -> RecordKey {
    RecordKey::number(Kind::WorkOrder, number)
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn record(id: &str, number: &str) -> Item {
    let body = json(&serde_json::json!({"id": id, "workOrderNumber": number}));
    item([("id", s(id)), ("number", s(number)), ("version", n(1)), ("body", body)])
}

fn leads(id: &str) -> Item {
    item([("leads", s(id))])
}

fn card(id: &str, number: &str) -> Item {
    item([("id", s(id)), ("number", s(number)), ("card", s("{}"))])
}

/// Asks for `key`; each round reads what was asked for from the next of `rounds`, which is how the table is by then. Returns
/// the id that was found, after exactly as many rounds.
fn find(key: &RecordKey, rounds: &[&[&(ItemKey, Item)]]) -> Option<String> {
    let mut lookup = Lookup::new(ACCOUNT);
    let mut found = Found::default();
    let mut wanted = lookup.first(key);
    for (round, table) in rounds.iter().enumerate() {
        assert!(!wanted.is_empty(), "round {round} reads nothing");
        let read = table.iter().filter(|(key, _)| wanted.contains(key));
        let read = read.map(|(key, item)| (key.pk(ACCOUNT), item.clone())).collect();
        lookup.take(wanted, read);
        wanted = lookup.resolve(key, &mut found).unwrap().into_iter().collect();
    }
    assert_eq!(wanted, [], "it is not resolved");
    found.records.into_values().chain(found.by_id.into_values()).next().map(|stored| stored.id)
}

#[test]
fn one_round_finds_most() {
    let first = domain::ids::record_id(Kind::WorkOrder, ACCOUNT, "A");
    let own = (slot("A"), record(&first, "a"));
    assert_eq!(find(&number("A"), &[&[&own]]), Some(first.clone()));
    assert_eq!(find(&RecordKey::Id(first.clone()), &[&[&own]]), Some(first));
    assert_eq!(find(&number("A"), &[&[]]), None);
    assert_eq!(find(&number("A"), &[&[&(old("A"), record(X, "A"))]]), Some(X.to_owned()));
    // Its order has another number now.
    assert_eq!(find(&number("A"), &[&[&(slot("A"), record(X, "B"))]]), None);
}

#[test]
fn a_number_that_was_used_before_takes_another_round_or_two() {
    let alias = (slot("A"), leads(X));
    assert_eq!(find(&number("A"), &[&[&alias], &[&(ItemKey::record(X), record(X, "A"))]]), Some(X.to_owned()));
    let (left, tombstone) = ((ItemKey::record(X), Item::new()), (ItemKey::tombstone(X), record(X, "A")));
    assert_eq!(find(&number("A"), &[&[&alias], &[&left], &[&tombstone]]), Some(X.to_owned()));
    assert_eq!(find(&number("A"), &[&[&alias], &[&left], &[]]), None, "its tombstone has expired");
}

#[test]
fn what_a_slot_leads_to_is_read_after_it() {
    // The order X was read as B just before it became A, and the slot of A just after.
    let mut lookup = Lookup::new(ACCOUNT);
    let read = [(slot("A"), leads(X)), (ItemKey::record(X), record(X, "B"))];
    let read = read.map(|(key, item)| (key.pk(ACCOUNT), item));
    lookup.take([slot("A"), old("A"), ItemKey::record(X)], read.into());
    let wanted = lookup.resolve(&number("A"), &mut Found::default()).unwrap();
    assert_eq!(wanted, Some(ItemKey::record(X)), "or another would be given its number");
}

#[test]
fn a_record_is_found_while_it_is_moved() {
    let (moved, marked) = ((ItemKey::record(X), record(X, "A")), (old("A"), leads(X)));
    let card = (ItemKey::record(X), card(X, "A"));
    // The slot before the move, the old key after it.
    assert_eq!(find(&number("A"), &[&[&marked], &[&moved]]), Some(X.to_owned()));
    let by_id = RecordKey::Id(X.to_owned());
    assert_eq!(find(&by_id, &[&[&card], &[&marked], &[&moved]]), Some(X.to_owned()));
    // The card stays behind when its number was given to another.
    assert_eq!(find(&by_id, &[&[&card], &[&(old("A"), record(Y, "A"))]]), None);
    assert_eq!(find(&by_id, &[&[&card], &[&(old("A"), record(X, "A"))], &[]]), Some(X.to_owned()));
    assert_eq!(find(&by_id, &[&[&card], &[&marked], &[&card]]), None);
}

/// Each is where the other's number leads to.
#[test]
fn two_records_that_have_exchanged_their_numbers_are_found_together() {
    let ids = ["A", "B"].map(|number| domain::ids::record_id(Kind::WorkOrder, ACCOUNT, number));
    let moved = |id: &str, now: &str, leads: &str| {
        let mut item = record(id, now);
        item.insert("leads".to_owned(), s(leads));
        item
    };
    let table = [(slot("A"), moved(&ids[0], "b", &ids[1])), (slot("B"), moved(&ids[1], "a", &ids[0]))];
    let (keys, mut lookup, mut found) = ([number("a"), number("b")], Lookup::new(ACCOUNT), Found::default());
    let mut wanted: Vec<ItemKey> = keys.iter().flat_map(|key| lookup.first(key)).collect();
    let mut rounds = 0;
    while !wanted.is_empty() {
        rounds += 1;
        assert!(rounds <= 2, "it never ends");
        let read = table.iter().filter(|(key, _)| wanted.contains(key));
        let read = read.map(|(key, item)| (key.pk(ACCOUNT), item.clone())).collect();
        lookup.take(std::mem::take(&mut wanted), read);
        wanted.extend(keys.iter().filter_map(|key| lookup.resolve(key, &mut found).unwrap()));
    }
    let found = keys.map(|key| found.records[&key].id.clone());
    assert_eq!(found, [ids[1].clone(), ids[0].clone()]);
}
