//! What the functions ask of AWS during the tests: `tests/template/run` compares the template with it.
//!
//! If `USAGE_FILE` names a file, each thing that a function does is written to it once, as a line.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::sync::{LazyLock, Mutex};

use local::System;
use local::functions::{QUEUES, functions};
use store::tables;

static FILE: LazyLock<Option<Mutex<Noted>>> = LazyLock::new(|| {
    let path = std::env::var_os("USAGE_FILE")?;
    let file = File::options().create(true).append(true).open(path).unwrap();
    Some(Mutex::new(Noted { file, lines: BTreeSet::new() }))
});

struct Noted {
    file: File,
    lines: BTreeSet<String>,
}

/// Whether `USAGE_FILE` is set.
pub(crate) fn is_wanted() -> bool {
    FILE.is_some()
}

/// Writes what the functions of `system` did, and its facts, each line once.
pub(crate) fn note(system: &System) {
    let Some(noted) = FILE.as_ref() else { return };
    let calls = system.uses().calls();
    let facts = facts(system);
    let calls = calls.iter().map(|used| format!("{} {} {}\n", used.function, used.action, used.resource));
    let variables = system.uses().variables();
    let variables = variables.iter().flat_map(|(function, names)| names.iter().map(move |name| (function, name)));
    let variables = variables.map(|(function, name)| format!("{function} reads {name}\n"));
    let mut noted = noted.lock().unwrap();
    for line in facts.into_iter().chain(calls).chain(variables) {
        if noted.lines.insert(line.clone()) {
            noted.file.write_all(line.as_bytes()).unwrap();
        }
    }
}

/// The lines of the routes, tables, indexes and queues.
fn facts(system: &System) -> Vec<String> {
    let routes = functions(&|_| system.environment().clone(), &local::Clock::system()).unwrap().routes;
    let mut facts: Vec<String> =
        routes.iter().map(|route| format!("route {} {}\n", route.key(), route.function())).collect();
    for table in tables::ALL {
        let keys = std::iter::once(table.partition).chain(table.sort).collect::<Vec<_>>().join(",");
        let (ttl, stream) = (table.ttl.unwrap_or("-"), if table.stream { "NEW_IMAGE" } else { "-" });
        facts.push(format!("table {} {} {keys} {ttl} {stream}\n", table.name, table.variable));
        for index in table.indexes {
            let kind = if index.sort_is_number { "N" } else { "S" };
            facts.push(format!("index {} {} {} {} {kind}\n", table.name, index.name, index.partition, index.sort));
        }
    }
    for queue in QUEUES {
        let (visibility, receives) = (queue.visibility_timeout, queue.max_receive_count);
        facts.push(format!("queue {} {} {} {visibility} {receives}\n", queue.name, queue.dead_letter, queue.variable));
    }
    facts
}
