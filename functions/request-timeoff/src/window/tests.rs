use domain::resource::Leave;
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

use super::Window;

fn leave(days: (&str, &str), times: Option<(&str, &str)>, time_zone: &str) -> Leave {
    Leave {
        id: "to_1ab".to_owned(),
        number: "TO-1".to_owned(),
        start_date: days.0.to_owned(),
        end_date: days.1.to_owned(),
        start_time: times.map(|(start, _)| start.to_owned()),
        end_time: times.map(|(_, end)| end.to_owned()),
        time_zone: time_zone.to_owned(),
        approved: false,
    }
}

fn window(days: (&str, &str), times: Option<(&str, &str)>) -> Window {
    Window::of(&leave(days, times, "America/Chicago")).unwrap()
}

#[test]
fn whole_days_run_from_midnight_to_midnight_of_the_zone() {
    // The clocks go back on 2025-11-02.
    let window = window(("2025-11-02", "2025-11-03"), None);
    assert_eq!(
        (window.start.to_string(), window.end.to_string()),
        ("2025-11-02T05:00:00Z".to_owned(), "2025-11-04T06:00:00Z".to_owned(),)
    );
}

#[test]
fn overlaps() {
    let day = ("2025-12-15", "2025-12-15");
    for (left, right, expected) in [
        ((day, None), (day, None), true),
        ((("2025-12-15", "2025-12-19"), None), (("2025-12-19", "2025-12-23"), None), true),
        ((("2025-12-15", "2025-12-19"), None), (("2025-12-20", "2025-12-23"), None), false),
        ((("2025-12-01", "2025-12-31"), None), (("2025-12-20", "2025-12-23"), None), true),
        ((day, Some(("08:00", "12:00"))), (day, None), true),
        ((day, Some(("08:00", "12:00"))), (day, Some(("12:00", "16:00"))), false),
        ((day, Some(("08:00", "12:01"))), (day, Some(("12:00", "16:00"))), true),
        ((day, Some(("08:00", "16:00"))), (day, Some(("10:00", "11:00"))), true),
        ((day, Some(("08:00", "12:00"))), (("2025-12-16", "2025-12-16"), Some(("08:00", "12:00"))), false),
    ] {
        let (a, b) = (window(left.0, left.1), window(right.0, right.1));
        assert_eq!((a.overlaps(b), b.overlaps(a)), (expected, expected), "{left:?} {right:?}");
    }
}

#[test]
fn requests_in_two_zones_are_compared_as_instants() {
    let day = ("2025-12-15", "2025-12-15");
    let chicago = Window::of(&leave(day, Some(("08:00", "09:00")), "America/Chicago")).unwrap();
    let toronto = |times| Window::of(&leave(day, Some(times), "America/Toronto")).unwrap();
    assert!(!chicago.overlaps(toronto(("08:00", "09:00"))));
    assert!(chicago.overlaps(toronto(("09:30", "10:30"))));
}

#[test]
fn what_does_not_exist_has_no_window() {
    assert_eq!(Window::of(&leave(("2025-02-30", "2025-03-01"), None, "America/Chicago")), None);
    assert_eq!(Window::of(&leave(("2025-02-28", "2025-03-01"), None, "America/Gotham")), None);
}

/// A span of days around a change of the clocks, as numbers and as leave.
fn days() -> impl Strategy<Value = (i32, i32)> {
    (0..20_i32, 0..10_i32).prop_map(|(first, more)| (first, first + more))
}

fn whole_days((first, last): (i32, i32)) -> Window {
    let zero: Date = "2025-10-25".parse().unwrap();
    let date = |n: i32| zero.checked_add(n.days()).unwrap().to_string();
    window((&date(first), &date(last)), None)
}

proptest! {
    #[test]
    fn whole_days_overlap_exactly_when_they_share_a_day(a in days(), b in days()) {
        let shared = (a.0..=a.1).any(|day| (b.0..=b.1).contains(&day));
        prop_assert_eq!(whole_days(a).overlaps(whole_days(b)), shared);
    }

    #[test]
    fn parts_of_a_day_overlap_exactly_when_they_share_a_minute(
        a in (0..1438_u32, 1..200_u32), b in (0..1438_u32, 1..200_u32),
    ) {
        let minutes = |(start, length): (u32, u32)| (start, (start + length).min(1439));
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let part = |(start, end): (u32, u32)| {
            window(("2025-12-15", "2025-12-15"), Some((&clock(start), &clock(end))))
        };
        let (a, b) = (minutes(a), minutes(b));
        let shared = (a.0..a.1).any(|minute| (b.0..b.1).contains(&minute));
        prop_assert_eq!(part(a).overlaps(part(b)), shared);
    }
}
