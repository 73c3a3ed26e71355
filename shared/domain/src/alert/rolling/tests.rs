use super::*;
use crate::alert::AlertKind;
use crate::delivery::Trigger;
use crate::ids::new_id;
use crate::outbox::{Outbox, StoredEvent};
use crate::trace::{Origin, TraceContext};

const ENDPOINT: &str = "ep_01JAMB3X9T7Q2V5K8N4C6D0EFG";

fn time(text: &str) -> Timestamp {
    format!("2025-10-20T{text}Z").parse().unwrap()
}

/// The alert about a delivery of an event of the time `raised`, which failed at `failed`.
fn failure(raised: &str, failed: &str) -> Alert {
    let event = StoredEvent::example(new_id("evt_", time(raised)), EventName::ALL[0]);
    let outbox = Outbox::of(
        "acc_1",
        Origin { request_id: "req_1", trace: TraceContext::start(), key_line: "key_1" },
        event.clone(),
    );
    let delivery = outbox.delivery(&event, ENDPOINT, Trigger::Scheduled, time(raised));
    Alert::about(AlertKind::DeliveryFailed, &delivery, None, time(failed))
}

fn rolling(alert: &Alert) -> &Rolling {
    alert.rolling.as_ref().unwrap()
}

#[test]
fn failures_are_one_alert_with_the_id_of_the_first() {
    let failures = [failure("10:00:00", "12:36:00"), failure("09:59:00", "12:37:00"), failure("10:02:00", "12:37:30")];
    let alert = Alert::rolled_up(&failures).unwrap();
    assert_eq!((&alert.id, alert.created_at), (&failures[0].id, failures[0].created_at));
    assert_eq!((rolling(&alert).count, rolling(&alert).status), (3, AlertStatus::Open));
    assert_eq!((rolling(&alert).since, rolling(&alert).last_at), (time("09:59:00"), time("12:37:30")));
    assert_eq!((&alert.delivery_id, &alert.event_id), (&failures[2].delivery_id, &failures[2].event_id));
    assert!(alert.message.starts_with(&format!("3 deliveries to {ENDPOINT} failed, ")), "{}", alert.message);
    assert!(alert.message.ends_with("replay what failed since 2025-10-20T09:59:00Z."), "{}", alert.message);
    assert_eq!(Alert::rolled_up(&[]), None);
    let one = Alert::rolled_up(&failures[..1]).unwrap();
    assert!(one.message.ends_with(&format!("retry {}.", failures[0].delivery_id.as_ref().unwrap())), "{}", one.message);
}

#[test]
fn it_is_the_same_however_the_failures_come() {
    let failures: Vec<Alert> = (0..9).map(|minute| failure("10:00:00", &format!("12:3{minute}:00"))).collect();
    let whole = Alert::rolled_up(&failures).unwrap();
    for cut in 1..9 {
        let mut alert = Alert::rolled_up(&failures[..cut]).unwrap();
        alert.roll_up(&failures[cut..]);
        assert_eq!(alert, whole, "{cut}");
    }
    let named: Vec<&str> = rolling(&whole).examples.iter().map(|example| &*example.delivery_id).collect();
    let latest: Vec<&str> =
        failures.iter().rev().take(5).map(|failure| failure.delivery_id.as_deref().unwrap()).collect();
    assert_eq!(named, latest);
}

#[test]
fn people_are_told_at_once_and_then_once_an_hour_while_it_grows() {
    let mut alert = Alert::rolled_up(&[failure("10:00:00", "12:00:00")]).unwrap();
    let is_due = |alert: &Alert, now: &str| rolling(alert).is_due(time(now));
    assert!(is_due(&alert, "12:00:10"));
    alert.rolling.as_mut().unwrap().tell(time("12:00:10"));
    assert!(!is_due(&alert, "12:00:20") && !is_due(&alert, "18:00:00"), "it has not grown");
    alert.roll_up(&[failure("10:00:00", "12:30:00")]);
    assert!(!is_due(&alert, "13:00:09") && is_due(&alert, "13:00:10"));
    assert!(is_due(&alert, "11:00:00"), "the clock was set back");
    for (status, is_told) in
        [(AlertStatus::Acknowledged, false), (AlertStatus::Open, true), (AlertStatus::Resolved, false)]
    {
        alert.rolling.as_mut().unwrap().set_status(status, time("12:40:00"));
        assert_eq!(is_due(&alert, "14:00:00"), is_told, "{status}");
    }
    let mut untold = Alert::rolled_up(&[failure("10:00:00", "12:00:00")]).unwrap();
    untold.rolling.as_mut().unwrap().set_status(AlertStatus::Resolved, time("12:00:30"));
    assert!(is_due(&untold, "12:01:00"), "of each they are told once");
}

#[test]
fn it_goes_on_until_it_is_resolved_or_a_day_is_quiet() {
    let mut alert = Alert::rolled_up(&[failure("10:00:00", "12:00:00")]).unwrap();
    let last = time("12:00:00");
    assert!(rolling(&alert).goes_on(last + QUIET - SignedDuration::from_secs(1)));
    assert!(!rolling(&alert).goes_on(last + QUIET));
    alert.rolling.as_mut().unwrap().set_status(AlertStatus::Acknowledged, last);
    assert!(rolling(&alert).goes_on(last));
    alert.rolling.as_mut().unwrap().set_status(AlertStatus::Resolved, last);
    assert!(rolling(&alert).goes_on(last), "it had failed by then");
    assert!(!rolling(&alert).goes_on(last + SignedDuration::from_secs(1)));
}

#[test]
fn a_recovery_is_noted_until_something_fails_again() {
    let mut alert = Alert::rolled_up(&[failure("10:00:00", "12:00:00")]).unwrap();
    assert!(!alert.recover(time("11:59:59")), "it was of before");
    assert!(alert.recover(time("12:10:00")) && !alert.recover(time("12:11:00")));
    assert!(alert.message.contains("It works again: retry"), "{}", alert.message);
    assert_eq!(rolling(&alert).status, AlertStatus::Open, "what failed has not arrived");
    alert.roll_up(&[failure("10:00:00", "12:05:00")]);
    assert_eq!(rolling(&alert).recovered_at, Some(time("12:10:00")), "it failed before");
    alert.roll_up(&[failure("10:00:00", "12:20:00")]);
    assert_eq!(rolling(&alert).recovered_at, None);
    assert!(alert.message.contains("Once the cause is mended, replay"), "{}", alert.message);
}

#[test]
fn each_status_has_its_times() {
    let mut alert = Alert::rolled_up(&[failure("10:00:00", "12:00:00")]).unwrap();
    let rolling = alert.rolling.as_mut().unwrap();
    let (one, two) = (time("12:01:00"), time("12:02:00"));
    for (status, acknowledged, resolved) in [
        (AlertStatus::Acknowledged, Some(one), None),
        (AlertStatus::Resolved, Some(one), Some(two)),
        (AlertStatus::Open, None, None),
    ] {
        rolling.set_status(status, if status == AlertStatus::Resolved { two } else { one });
        assert_eq!((rolling.acknowledged_at, rolling.resolved_at), (acknowledged, resolved), "{status}");
    }
}

#[test]
fn an_alert_of_before_reads_as_one_that_rolls_up_nothing() {
    let alert = failure("10:00:00", "12:00:00");
    let stored = crate::json::write(&alert);
    assert!(!stored.contains("rolling"), "{stored}");
    assert_eq!(serde_json::from_str::<Alert>(&stored).unwrap(), alert);
    let rolled = Alert::rolled_up(std::slice::from_ref(&alert)).unwrap();
    assert_eq!(serde_json::from_str::<Alert>(&crate::json::write(&rolled)).unwrap(), rolled);
}
