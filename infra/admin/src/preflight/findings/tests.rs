use super::super::plan::parameter;
use super::*;

fn plan(parameters: &[&str]) -> Plan {
    let parameters: Vec<_> = parameters.iter().map(|text| parameter(text).unwrap()).collect();
    Plan::new("hooks", &parameters)
}

#[track_caller]
fn assert_finding(finding: &Finding, level: Level, words: &str) {
    assert_eq!(finding.level, level, "{finding:?}");
    assert!(finding.sentence.contains(words), "{words}: {finding:?}");
}

#[test]
fn concurrency_has_room_for_the_queues_and_for_what_is_beside_them() {
    let seen = |limit, parameters: &[&str]| concurrency(Concurrency { limit, free: limit }, &plan(parameters));
    assert_finding(&seen(1_000, &[]), Level::Ok, "the queues take up to 150");
    assert_finding(&seen(171, &[]), Level::Ok, "171 are not reserved");
    assert_finding(&seen(170, &[]), Level::Warning, "leaves 20 to all other functions");
    assert_finding(&seen(150, &[]), Level::Warning, "to 43 each");
    assert_finding(&seen(149, &[]), Level::Problem, "deliveries are throttled");
    // A new account.
    assert_finding(&seen(10, &[]), Level::Problem, "SlowConcurrency to 2 until then");
    let least = ["DeliveryConcurrency=2", "RetryConcurrency=2", "SlowConcurrency=2"];
    assert_finding(&seen(10, &least), Level::Warning, "leaves 4");
}

#[test]
fn a_reservation_leaves_a_hundred() {
    let seen = |free, reserved: &str| concurrency(Concurrency { limit: 1_000, free }, &plan(&[reserved]));
    assert_finding(&seen(1_000, "ApiReservedConcurrency=50"), Level::Ok, "500 are not reserved");
    assert_finding(&seen(1_000, "ApiReservedConcurrency=90"), Level::Problem, "deliveries are throttled");
    assert_finding(&seen(1_000, "ApiReservedConcurrency=91"), Level::Problem, "or set it to 90");
    assert_finding(&seen(50, "ApiReservedConcurrency=1"), Level::Problem, "or set it to 0");
    // The functions behind the API need no share of the rest.
    assert_finding(&seen(261, "ApiReservedConcurrency=10"), Level::Ok, "161 are not reserved");
    assert_finding(&seen(260, "ApiReservedConcurrency=10"), Level::Warning, "leaves 10");
}

#[test]
fn a_stack_that_was_never_made_is_deleted_first() {
    let seen = |status: &str| StackState::Present(status.to_owned());
    assert_finding(&stack("hooks", &StackState::Absent), Level::Ok, "makes it");
    for (status, level, owns) in [
        ("CREATE_COMPLETE", Level::Ok, true),
        ("UPDATE_ROLLBACK_COMPLETE", Level::Ok, true),
        ("UPDATE_IN_PROGRESS", Level::Warning, true),
        ("UPDATE_ROLLBACK_FAILED", Level::Problem, true),
        ("ROLLBACK_COMPLETE", Level::Problem, false),
        ("DELETE_FAILED", Level::Problem, false),
        ("REVIEW_IN_PROGRESS", Level::Ok, false),
    ] {
        assert_finding(&stack("hooks", &seen(status)), level, status);
        assert_eq!(seen(status).owns_names(), owns, "{status}");
    }
}

#[test]
fn names_are_free_or_the_stacks_own() {
    let kind = Kind { check: "tables", permission: "dynamodb:DescribeTable", advice: "delete them" };
    let taken = Ok(vec!["hooks-events".to_owned()]);
    let present = StackState::Present("CREATE_COMPLETE".to_owned());
    assert_finding(&names(kind, 9, &Ok(vec![]), Some(&StackState::Absent)), Level::Ok, "9 names are free");
    assert_finding(&names(kind, 9, &taken, Some(&present)), Level::Ok, "1 of 9 exist");
    let left = names(kind, 9, &taken, Some(&StackState::Absent));
    assert_finding(&left, Level::Problem, "hooks-events; delete them, or choose another --stack");
    // They may be the stack's own.
    assert_finding(&names(kind, 9, &taken, None), Level::Warning, "names are taken: hooks-events");
}

#[test]
fn what_can_not_be_seen_is_a_warning_that_names_the_permission() {
    let unseen = |obstacle| Unseen { obstacle, cause: "not authorized".to_owned() };
    let kind = Kind { check: "tables", permission: "dynamodb:DescribeTable", advice: "" };
    let forbidden = names(kind, 9, &Err(unseen(Obstacle::Forbidden)), None);
    assert_finding(&forbidden, Level::Warning, "without the permission dynamodb:DescribeTable");
    let silent = names(kind, 9, &Err(unseen(Obstacle::NoAnswer)), None);
    assert_finding(&silent, Level::Warning, "check that this region has the service");
}

#[test]
fn a_table_can_not_be_asked_for_more_than_the_account_allows() {
    let limits = TableLimits { reads: 40_000, writes: 40_000 };
    assert_finding(&capacity(limits, &plan(&[])), Level::Ok, "40000 read");
    assert_finding(&capacity(limits, &plan(&["WarmReadUnits=40000"])), Level::Ok, "");
    let beyond = capacity(limits, &plan(&["WarmReadUnits=40001", "MaxWriteUnits=50000"]));
    assert_finding(&beyond, Level::Problem, "WarmReadUnits=40001 is more than 40000, MaxWriteUnits=50000");
    // Defaults ask for nothing, whatever a small region allows.
    assert_finding(&capacity(TableLimits { reads: 10_000, writes: 1_000 }, &plan(&[])), Level::Ok, "");
}

#[test]
fn denied_calls_are_named() {
    assert_finding(&permissions("arn:aws:iam::1:role/ci", &[]), Level::Ok, "role/ci");
    let denied = ["iam:CreateRole".to_owned(), "kms:CreateKey".to_owned()];
    assert_finding(&permissions("arn:aws:iam::1:role/ci", &denied), Level::Problem, "iam:CreateRole, kms:CreateKey");
}
