//! Random requests of the hot path's operations: about half of them ordinary, the others with something unusual.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use self::expressions::{CONDITIONS, UNUSUAL_CONDITIONS, UNUSUAL_UPDATES, UPDATES};

mod expressions;

const TABLES: [&str; 4] = ["deliveries", "events", "records", "unusual"];
const ATTRIBUTES: [&str; 10] = ["a", "b", "n", "m", "l", "endpoint", "dueShard", "dueAt", "accountStatus", "expiresAt"];

pub(super) struct Generator {
    random: Rng,
}

impl Generator {
    pub(super) fn new(random: Rng) -> Self {
        Self { random }
    }

    /// An operation and a request.
    pub(super) fn request(&mut self) -> (&'static str, Value) {
        let (operation, mut request) = match self.random.u8(0..10) {
            0 => ("GetItem", self.get_item()),
            1 => ("BatchGetItem", self.batch_get_item()),
            2..=3 => ("PutItem", self.put()),
            4..=6 => ("UpdateItem", self.update()),
            _ => ("TransactWriteItems", self.transaction()),
        };
        if operation == "UpdateItem" && self.random.bool() {
            let usual = self.random.u8(0..6) > 0;
            let of: &[&str] =
                if usual { &["NONE", "ALL_NEW", "UPDATED_NEW"] } else { &["ALL_OLD", "UPDATED_OLD", "ALL"] };
            request["ReturnValues"] = json!(self.one_of(of));
        }
        if self.rarely() {
            request["ReturnConsumedCapacity"] = json!("TOTAL");
        }
        if operation == "PutItem" && self.rarely() {
            request["ReturnValues"] = json!("ALL_OLD");
        }
        (operation, request)
    }

    fn get_item(&mut self) -> Value {
        let table = self.table();
        let mut request = json!({ "TableName": table, "Key": self.key(table), "ConsistentRead": self.random.bool() });
        if self.rarely() {
            request["ProjectionExpression"] = json!("pk, a");
        }
        request
    }

    fn batch_get_item(&mut self) -> Value {
        let mut tables = Map::new();
        for _ in 0..self.random.usize(1..4) {
            let table = self.table();
            let keys: Vec<Value> = (0..self.random.usize(1..4)).map(|_| self.key(table)).collect();
            tables.insert(table.to_owned(), json!({ "Keys": keys, "ConsistentRead": true }));
        }
        json!({ "RequestItems": tables })
    }

    fn put(&mut self) -> Value {
        let table = self.table();
        let mut item = self.key(table);
        for name in ATTRIBUTES {
            if self.random.u8(0..3) > 0 {
                item[name] = self.value_of(name);
            }
        }
        if self.random.u8(0..100) == 0 {
            item["big"] = json!({ "S": "x".repeat(self.random.usize(200_000..450_000)) });
        }
        let mut request = json!({ "TableName": table, "Item": item });
        if self.random.bool() {
            self.add_condition(&mut request);
        }
        self.fill(request)
    }

    fn update(&mut self) -> Value {
        let table = self.table();
        let update = if self.random.u8(0..8) == 0 { self.one_of(UNUSUAL_UPDATES) } else { self.one_of(UPDATES) };
        let mut request = json!({ "TableName": table, "Key": self.key(table), "UpdateExpression": update });
        if self.random.bool() {
            self.add_condition(&mut request);
        }
        self.fill(request)
    }

    fn delete(&mut self) -> Value {
        let table = self.table();
        let mut request = json!({ "TableName": table, "Key": self.key(table) });
        if self.random.bool() {
            self.add_condition(&mut request);
        }
        self.fill(request)
    }

    fn transaction(&mut self) -> Value {
        let parts: Vec<Value> = (0..self.random.usize(1..4))
            .map(|_| match self.random.u8(0..8) {
                0..=2 => json!({ "Put": self.put() }),
                3..=5 => json!({ "Update": self.update() }),
                6 => json!({ "Delete": self.delete() }),
                _ => {
                    let mut check = self.delete();
                    if check.get("ConditionExpression").is_none() {
                        check["ConditionExpression"] = json!("attribute_exists(pk)");
                    }
                    json!({ "ConditionCheck": check })
                }
            })
            .collect();
        json!({ "TransactItems": parts, "ClientRequestToken": "one" })
    }

    fn add_condition(&mut self, request: &mut Value) {
        let unusual = self.random.u8(0..8) == 0;
        let condition = if unusual { self.one_of(UNUSUAL_CONDITIONS) } else { self.one_of(CONDITIONS) };
        request["ConditionExpression"] = json!(condition);
        if self.random.bool() {
            request["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        }
    }

    /// Names and values for the placeholders of the request's expressions.
    fn fill(&mut self, mut request: Value) -> Value {
        let text = ["UpdateExpression", "ConditionExpression"]
            .map(|name| request[name].as_str().unwrap_or_default().to_owned())
            .join(" ");
        let (mut names, mut values) = (Map::new(), Map::new());
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !"#:_".contains(c)) {
            if word.starts_with('#') {
                names.insert(word.to_owned(), json!(self.name_of(word)));
            } else if word.starts_with(':') {
                values.insert(word.to_owned(), self.value_of(word));
            }
        }
        match self.random.u8(0..60) {
            0 => drop(values.insert(":unused".to_owned(), json!({ "S": "x" }))),
            1 => drop(names.insert("#unused".to_owned(), json!("x"))),
            2 => names.clear(),
            3 => values.clear(),
            _ => {}
        }
        for (member, given) in [("ExpressionAttributeNames", names), ("ExpressionAttributeValues", values)] {
            if !given.is_empty() || self.rarely() {
                request[member] = given.into();
            }
        }
        for name in ["UpdateExpression", "ConditionExpression"] {
            if request[name].is_null() {
                request.as_object_mut().unwrap().remove(name);
            }
        }
        request
    }

    fn name_of(&mut self, placeholder: &str) -> &'static str {
        match placeholder {
            "#m" => "m",
            "#e" | "#f" => self.one_of(&["e0", "e1", "e2"]),
            _ if self.rarely() => self.one_of(&["pk", "status", "", "with.dot"]),
            _ => self.one_of(&ATTRIBUTES),
        }
    }

    fn value_of(&mut self, name: &str) -> Value {
        if self.rarely() {
            return self.unusual();
        }
        match name {
            ":zero" => json!({ "N": "0" }),
            ":one" => json!({ "N": "1" }),
            "n" | "dueAt" | ":ttl" | "expiresAt" => json!({ "N": self.random.i64(-3..40).to_string() }),
            "m" | ":map" => {
                json!({ "M": { "e0": self.text(), "e1": self.text(), "n": { "N": "7" }, "deep": { "M": { "e0": self.any() } } } })
            }
            "l" | ":lst" => json!({ "L": [self.text(), self.any()] }),
            "endpoint" | "dueShard" | "accountStatus" | ":s" => self.text(),
            _ => self.any(),
        }
    }

    fn any(&mut self) -> Value {
        match self.random.u8(0..9) {
            0..=2 => self.text(),
            3..=4 => json!({ "N": self.random.i64(-3..40).to_string() }),
            5 => json!({ "BOOL": self.random.bool() }),
            6 => json!({ "NULL": true }),
            7 => json!({ "B": self.one_of(&["", "eA==", "eHk=", "eHl6"]) }),
            _ => json!({ "M": { "e0": self.text() } }),
        }
    }

    fn text(&mut self) -> Value {
        json!({ "S": self.one_of(&["x", "y", "é\"\\\n\u{1F600}", "pending"]) })
    }

    fn unusual(&mut self) -> Value {
        match self.random.u8(0..8) {
            0 => json!({ "N": self.one_of(&["1.0", "1e2", "-0", "007", "0.5", "abc", "", "+3", "1e200",
                                            "12345678901234567890123456789012345678", "999999999999999999"]) }),
            1 => json!({ "NS": self.one_of::<&[&str]>(&[&["2", "10", "1.50"], &["1"], &["1", "1.0"], &[]]) }),
            2 => json!({ "SS": self.one_of::<&[&str]>(&[&["b", "a"], &["a"], &["a", "a"], &[]]) }),
            3 => json!({ "BS": self.one_of::<&[&str]>(&[&["eHk=", "eA=="], &["eA=="]]) }),
            4 => self.one_of(&[
                json!({ "NULL": false }),
                json!({ "BOOL": "true" }),
                json!({ "S": "a", "N": "1" }),
                json!({}),
                json!({ "B": "eA" }),
                json!({ "M": { "": { "S": "a" } } }),
                json!({ "X": "a" }),
            ]),
            5 => (0..self.random.u8(28..36)).fold(json!({ "S": "deep" }), |inner, _| json!({ "L": [inner] })),
            6 => json!({ "S": "" }),
            _ => json!({ "S": "y".repeat(self.random.usize(0..60_000)) }),
        }
    }

    fn table(&mut self) -> &'static str {
        if self.random.u8(0..100) == 0 { "missing" } else { self.one_of(&TABLES) }
    }

    fn key(&mut self, table: &str) -> Value {
        let mut key = json!({ "pk": { "S": format!("p{}", self.random.u8(0..2)) } });
        if table != "records" {
            key["sk"] = json!({ "S": format!("s{}", self.random.u8(0..3)) });
        }
        if self.rarely() {
            key["pk"] = self.unusual();
        }
        if self.random.u8(0..100) == 0 {
            key["sk"] = self.any();
        }
        key
    }

    fn rarely(&mut self) -> bool {
        self.random.u8(0..60) == 0
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.random.usize(0..of.len())].clone()
    }
}
