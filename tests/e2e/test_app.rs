//! The test application itself: it must not let work go unnoticed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tests::{Receiver, TestApp};

use crate::deliveries::create_work_order;

/// Whether dropping the application fails because of work that is left.
fn fails(app: TestApp) -> bool {
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(app))) else { return false };
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("work is left that the test did not claim"), "{message}");
    true
}

#[tokio::test]
async fn work_that_is_left_fails_the_test() {
    let receiver = Receiver::start().await;
    let undispatched = TestApp::start().await;
    create_work_order(&undispatched, "WO-1").await;
    assert!(fails(undispatched), "a record of the stream");

    let undelivered = TestApp::start().await;
    undelivered.endpoint(&receiver.url(), ["*"]).await;
    create_work_order(&undelivered, "WO-1").await;
    undelivered.drain_stream().await;
    assert!(fails(undelivered), "a message in the delivery queue");

    let dead = TestApp::start().await;
    dead.enqueue("retry-dead", "given up").await;
    assert!(fails(dead), "a message in a dead-letter queue");
}

#[tokio::test]
async fn work_that_is_claimed_or_done_does_not_fail_the_test() {
    let claimed = TestApp::start().await;
    create_work_order(&claimed, "WO-1").await;
    claimed.leave_work("it is what this is about");
    assert!(!fails(claimed));

    let done = TestApp::start().await;
    create_work_order(&done, "WO-1").await;
    done.drain().await;
    assert!(!fails(done));
}

#[tokio::test]
#[should_panic(expected = "no work is left, but the test claimed: a record of the stream")]
async fn a_claim_without_work_fails_the_test() {
    let done = TestApp::start().await;
    create_work_order(&done, "WO-1").await;
    done.leave_work("a record of the stream");
    done.drain().await;
}
