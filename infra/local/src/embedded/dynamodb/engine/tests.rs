//! Random requests, to a database that carries out itself what it can and to one that leaves everything to `dynoxide`:
//! answers and rows are the same.

use std::collections::BTreeMap;

use dynoxide::storage::Storage;
use fastrand::Rng;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use store::tables::{self, Table};

use super::Engine;
use crate::embedded::dynamodb::direct::Direct;

mod generator;

use generator::Generator;

fn engine() -> Engine {
    Engine::new(Storage::memory().unwrap()).unwrap()
}

fn create(engine: &mut Engine, table: &Value) {
    let answer = engine.alone("CreateTable", table.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// The request that makes this table, with the tables' own indexes.
fn real(table: &Table) -> Value {
    let mut types = BTreeMap::from([(table.partition, "S")]);
    types.extend(table.sort.map(|sort| (sort, "S")));
    let indexes = table.indexes.iter().map(|index| {
        types.insert(index.partition, "S");
        types.insert(index.sort, if index.sort_is_number { "N" } else { "S" });
        json!({ "IndexName": index.name, "Projection": { "ProjectionType": "KEYS_ONLY" },
                "KeySchema": schema(index.partition, Some(index.sort)) })
    });
    let indexes: Vec<Value> = indexes.collect();
    let types: Vec<Value> =
        types.iter().map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind })).collect();
    let mut request = json!({ "TableName": table.name, "BillingMode": "PAY_PER_REQUEST",
                              "KeySchema": schema(table.partition, table.sort), "AttributeDefinitions": types });
    if !indexes.is_empty() {
        request["GlobalSecondaryIndexes"] = indexes.into();
    }
    if table.stream {
        request["StreamSpecification"] = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
    }
    request
}

fn schema(partition: &str, sort: Option<&str>) -> Vec<Value> {
    let keys = std::iter::once((partition, "HASH")).chain(sort.map(|sort| (sort, "RANGE")));
    keys.map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).collect()
}

/// A table with other projections and images than the real ones have.
fn unusual() -> Value {
    let index = |name: &str, partition: &str, projection: Value| {
        json!({ "IndexName": name, "Projection": projection,
                                                                        "KeySchema": schema(partition, None) })
    };
    let types =
        ["pk", "sk", "endpoint", "accountStatus"].map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    json!({
        "TableName": "unusual",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": schema("pk", Some("sk")),
        "AttributeDefinitions": types,
        "GlobalSecondaryIndexes": [
            index("all", "endpoint", json!({ "ProjectionType": "ALL" })),
            index("some", "accountStatus", json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "n"] })),
        ],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    })
}

/// All rows of all tables, with JSON parsed, and without what depends on the time or on chance.
fn rows(engine: &Engine) -> BTreeMap<String, Vec<Value>> {
    const LEFT_OUT: [&str; 4] = ["id", "sequence_number", "created_at", "event_id"];
    let database = engine.connection();
    let mut names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let names = names.filter(|name| !name.starts_with("sqlite") && !["_tables", "_config"].contains(&name.as_str()));
    let names = names.map(|name| {
        let is_stream = name == "_stream_records";
        let order = if is_stream { "id" } else { "1, 2, 3" };
        let mut rows = database.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY {order}")).unwrap();
        let columns: Vec<String> = rows.column_names().into_iter().map(str::to_owned).collect();
        let rows = rows.query_map([], |row| {
            let shown =
                columns.iter().enumerate().filter(|(_, column)| !is_stream || !LEFT_OUT.contains(&column.as_str()));
            let shown = shown.map(|(i, column)| (column.clone(), value(row.get_ref(i).unwrap())));
            Ok(Value::Object(shown.collect()))
        });
        (name.clone(), rows.unwrap().map(Result::unwrap).collect())
    });
    names.collect()
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(text) => serde_json::from_slice(text).unwrap_or_else(|_| String::from_utf8_lossy(text).into()),
        other => format!("{other:?}").into(),
    }
}

/// The sequence numbers of each table's stream, in the order in which they were given.
fn sequence_numbers(engine: &Engine) -> Vec<(String, i64)> {
    let sql = "SELECT table_name, CAST(sequence_number AS INTEGER) FROM _stream_records ORDER BY table_name, id";
    let mut numbers = engine.connection().prepare(sql).unwrap();
    numbers.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// How many requests of each operation there were, and how many `dynoxide` was not needed for.
#[derive(Debug, Default)]
struct Count {
    all: usize,
    taken: usize,
    refused: usize,
}

/// The answer. Of two that are both `dynoxide`'s, without what has no order there: units, and which fault is named first.
fn document(body: &[u8], taken: bool) -> Value {
    let mut document: Value = serde_json::from_slice(body).unwrap();
    if !taken {
        for member in ["ConsumedCapacity", "__type", "message", "Message", "CancellationReasons"] {
            document.as_object_mut().unwrap().remove(member);
        }
    }
    document
}

#[derive(Default)]
struct Counts {
    operations: BTreeMap<&'static str, Count>,
    rows: BTreeMap<String, usize>,
}

/// `learned` is what the run before has learned about expressions.
fn compare(seed: u64, requests: usize, learned: Direct, counts: &mut Counts) -> Direct {
    let (mut direct, mut dynoxide) = (Engine { direct: learned, ..engine() }, engine());
    let tables = [tables::DELIVERIES, tables::EVENTS, tables::RECORDS];
    for table in tables.iter().map(real).chain([unusual()]) {
        create(&mut direct, &table);
        create(&mut dynoxide, &table);
    }
    let mut generator = Generator::new(Rng::with_seed(seed));
    for number in 0..requests {
        let (operation, request) = generator.request();
        let body = request.to_string();
        let Ok(found) = direct.together(operation, body.as_bytes()) else { panic!("{seed}/{number}: lost") };
        let expected = dynoxide.alone(operation, body.as_bytes());
        let taken = direct.left().take().is_empty();
        let what = format!("{seed}/{number} {operation} {body:.2000}");
        assert_eq!(found.status, expected.status, "{what}");
        assert_eq!(document(&found.body, taken), document(&expected.body, taken), "{what}");
        let count = counts.operations.entry(operation).or_default();
        count.all += 1;
        if taken {
            count.taken += 1;
            count.refused += usize::from(found.status == 400);
        }
        if number % 7 == 0 {
            assert!(direct.commit().is_ok());
        }
        if number % 150 == 149 {
            compare_rows(&direct, &dynoxide, &format!("{seed}/{number}"), &mut counts.rows);
        }
    }
    direct.direct
}

/// Compares all rows, and adds up how many there are.
fn compare_rows(direct: &Engine, dynoxide: &Engine, what: &str, sum: &mut BTreeMap<String, usize>) {
    let (found, expected) = (rows(direct), rows(dynoxide));
    for (table, expected) in expected {
        assert_eq!(found[&table].len(), expected.len(), "{what} {table}");
        for (found, expected) in found[&table].iter().zip(&expected) {
            assert_eq!(found, expected, "{what} {table}");
        }
        *sum.entry(table).or_default() += expected.len();
    }
    let numbers = sequence_numbers(direct);
    assert!(numbers.is_sorted_by(|(table, one), (next, other)| table < next || one < other), "{numbers:?}");
}

#[test]
fn requests_have_the_same_effect_with_and_without_dynoxide() {
    let (mut learned, mut counts) = (Direct::new(), Counts::default());
    for seed in 0..3 {
        learned = compare(seed, 700, learned, &mut counts);
    }
    let Counts { operations, rows } = counts;
    assert!(rows.len() == 10 && rows.values().all(|rows| *rows > 5), "{rows:?}");
    assert_eq!(operations.len(), 5, "{operations:?}");
    for (operation, count) in &operations {
        assert!(count.taken * 6 > count.all, "{operation}: {count:?}");
        assert!(operation.contains("Get") || count.refused > 5, "{operation}: {count:?}");
    }
}
