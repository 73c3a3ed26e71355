use domain::alert::{AlertKind, AlertStatus};
use domain::api_key::Scope;
use domain::attempt::{AttemptError, ErrorDetail};
use domain::audit::{Action, ActorKind};
use domain::delivery::DeliveryStatus;
use domain::format::Format;

/// The words that `script` has as strings or as names of members.
fn without(script: &str, words: &[&'static str]) -> Vec<&'static str> {
    let is_there = |word: &str| script.contains(&format!("\"{word}\"")) || script.contains(&format!(" {word}:"));
    words.iter().copied().filter(|word| !is_there(word)).collect()
}

#[test]
fn the_console_knows_every_word_that_it_shows() {
    for (script, words) in [
        (include_str!("../console/views/alerts.js"), AlertKind::WORDS),
        (include_str!("../console/views/alerts.js"), AlertStatus::WORDS),
        (include_str!("../console/views/deliveries.js"), DeliveryStatus::WORDS),
        (include_str!("../console/views/audit.js"), Action::WORDS),
        (include_str!("../console/views/audit.js"), ActorKind::WORDS),
        (include_str!("../console/views/keys.js"), Scope::WORDS),
        (include_str!("../console/views/endpoint-form.js"), Format::WORDS),
        (include_str!("../console/request.js"), Format::WORDS),
        (include_str!("../console/format.js"), AttemptError::WORDS),
        (include_str!("../console/format.js"), ErrorDetail::WORDS),
    ] {
        assert_eq!(without(script, words), Vec::<&str>::new());
    }
}
