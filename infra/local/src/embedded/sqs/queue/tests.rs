use super::*;

const T0: Timestamp = Timestamp::UNIX_EPOCH;
const VISIBILITY: SignedDuration = SignedDuration::from_secs(180);

fn queue(max_receive_count: u32) -> Queue {
    let redrive = Some(Redrive { dead_letter_queue: "dead".to_owned(), max_receive_count });
    Queue::new(Settings { visibility_timeout: VISIBILITY, redrive })
}

fn message(id: &str, group: Option<&str>) -> Message {
    Message {
        id: id.to_owned(),
        body: String::new(),
        group: group.map(str::to_owned),
        attributes: Map::new(),
        sent_at: T0,
        first_received_at: None,
        receive_count: 0,
    }
}

fn after(seconds: i64) -> Timestamp {
    later(T0, SignedDuration::from_secs(seconds))
}

fn ids(received: &Received) -> Vec<&str> {
    received.messages.iter().map(|(_, message)| message.id.as_str()).collect()
}

#[test]
fn a_delayed_message_is_visible_on_time_and_not_before() {
    let mut queue = queue(5);
    queue.send(T0, after(3), message("a", None));
    assert_eq!(queue.next_visible_at(), Some(after(3)));
    assert!(queue.receive(after(2), 10, VISIBILITY).messages.is_empty());
    assert_eq!(ids(&queue.receive(after(3), 10, VISIBILITY)), ["a"]);
}

#[test]
fn groups_take_turns() {
    let mut queue = queue(5);
    for number in 0..3 {
        queue.send(T0, T0, message(&format!("busy-{number}"), Some("busy")));
    }
    queue.send(T0, T0, message("quiet", Some("quiet")));
    assert_eq!(ids(&queue.receive(T0, 10, VISIBILITY)), ["busy-0", "quiet", "busy-1", "busy-2"]);
}

#[test]
fn a_message_that_is_not_deleted_comes_back_and_then_dies() {
    let mut queue = queue(2);
    queue.send(T0, T0, message("a", None));
    assert_eq!(queue.receive(T0, 10, VISIBILITY).messages[0].1.receive_count, 1);
    assert!(queue.receive(after(179), 10, VISIBILITY).messages.is_empty());
    assert_eq!(queue.receive(after(180), 10, VISIBILITY).messages[0].1.receive_count, 2);
    let received = queue.receive(after(360), 10, VISIBILITY);
    assert!(received.messages.is_empty());
    assert_eq!(received.dead[0].id, "a");
    assert_eq!(queue.counts(after(360)), Counts { visible: 0, in_flight: 0, delayed: 0 });
}

#[test]
fn an_old_receipt_deletes_nothing() {
    let mut queue = queue(5);
    queue.send(T0, T0, message("a", None));
    let (old, _) = queue.receive(T0, 1, VISIBILITY).messages.remove(0);
    let (new, _) = queue.receive(after(180), 1, VISIBILITY).messages.remove(0);
    queue.delete(old);
    assert_eq!(queue.counts(after(180)).in_flight, 1);
    queue.delete(new);
    assert_eq!(queue.counts(after(180)).in_flight, 0);
}

#[test]
fn a_message_deleted_in_line_is_not_received() {
    let mut queue = queue(5);
    queue.send(T0, T0, message("a", None));
    let (receipt, _) = queue.receive(T0, 1, VISIBILITY).messages.remove(0);
    queue.counts(after(180));
    queue.delete(receipt);
    assert!(queue.receive(after(180), 10, VISIBILITY).messages.is_empty());
    assert!(!queue.has_visible());
}

#[test]
fn a_changed_visibility_counts_from_now() {
    let mut queue = queue(5);
    queue.send(T0, T0, message("a", None));
    let (receipt, _) = queue.receive(T0, 1, VISIBILITY).messages.remove(0);
    assert!(queue.change_visibility(after(10), receipt, SignedDuration::ZERO));
    assert_eq!(ids(&queue.receive(after(10), 1, VISIBILITY)), ["a"]);
    assert!(!queue.change_visibility(after(10), receipt, SignedDuration::ZERO));
}
