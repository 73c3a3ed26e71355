use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const NEAR: SignedDuration = SignedDuration::from_secs(1);
const NOW: i64 = 1_760_970_600_000_000;

fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(NOW + microseconds).unwrap()
}

/// Of an endpoint with ten attempts a second, `after` NOW in microseconds.
fn asking(has_waited: bool, after: i64) -> Asking {
    Asking { per_second: NonZeroU16::new(10).unwrap(), near: NEAR, has_waited, now: at(after) }
}

/// Times in microseconds after NOW.
fn line(slot: i64, end: i64) -> Line {
    Line { slot: NOW + slot, end: NOW + end, interval: 100_000, written_at: NOW }
}

/// What becomes of the shared item, as the store writes it.
fn made(asking: &Asking, wanted: Move, seen: Option<Line>) -> Line {
    let now = asking.now.as_microsecond();
    let line = seen.unwrap_or(Line { slot: now, end: now, interval: asking.interval(), written_at: now });
    let more = |count| i64::from(count) * asking.interval();
    let line = Line { written_at: now, ..line };
    match wanted {
        Move::Begin(count) => Line { slot: now + more(count), ..line },
        Move::Follow(count) => Line { slot: line.slot + more(count), ..line },
        Move::LineUp(count) => {
            let end = line.end.max(line.slot).max(now) + more(count);
            Line { end, interval: asking.interval(), ..line }
        }
        Move::StartOver => Line { slot: now, end: now, ..line },
        Move::TurnAway => line,
    }
}

/// What comes of `count` attempts.
fn take(asking: &Asking, seen: &mut Option<Line>, count: u32) -> Vec<Turn> {
    let mut turns = Vec::new();
    while turns.len() < count as usize {
        let wanted = asking.next(seen.as_ref(), count - u32::try_from(turns.len()).unwrap());
        if wanted == Move::TurnAway {
            turns.resize(count as usize, Turn::Away);
            break;
        }
        let line = made(asking, wanted, *seen);
        turns.extend(asking.turns(wanted, &line));
        *seen = Some(line);
    }
    turns
}

#[test]
fn slots_that_are_near_are_taken_and_the_others_stand_in_line() {
    let turns = take(&asking(false, 0), &mut None, 13);
    let starts = (0..=10).map(|slot| Turn::Start(at(slot * 100_000)));
    let waits = [12, 13].map(|place| Turn::Wait(at(place * 100_000)));
    assert_eq!(turns, starts.chain(waits).collect::<Vec<_>>());
}

#[test]
fn nobody_overtakes_those_that_stand_in_line() {
    let waiting = line(900_000, 5_000_000);
    assert_eq!(asking(false, 0).next(Some(&waiting), 1), Move::LineUp(1));
    assert_eq!(asking(true, 0).next(Some(&waiting), 3), Move::Follow(2));
    assert_eq!(
        asking(true, 1_000_000).next(Some(&waiting), 3),
        Move::Begin(3),
        "slots of the past are not made up for"
    );
    let nearly_over = line(0, 1_000_000);
    assert_eq!(asking(false, 0).next(Some(&nearly_over), 1), Move::Begin(1));
}

#[test]
fn what_a_clock_that_ran_ahead_has_written_counts_for_nothing() {
    let written = |after: i64| Line { written_at: NOW + after, ..line(after + 1_000_000, after + 60_000_000) };
    assert_eq!(asking(true, 0).next(Some(&written(3_600_000_000)), 1), Move::StartOver);
    assert_eq!(asking(true, 0).next(Some(&written(10_000_001)), 1), Move::StartOver);
    assert_eq!(asking(true, 0).next(Some(&written(10_000_000)), 1), Move::LineUp(1), "clocks may be apart by so much");
    assert_eq!(asking(true, 0).next(Some(&line(60_000_000, 0)), 1), Move::StartOver, "no slot is taken so far ahead");
    assert_eq!(written(3_600_000_000).waiting(at(0)), None);
}

#[test]
fn a_line_that_nobody_comes_from_is_over() {
    let waiting = line(1_000_000, 60_000_000);
    assert_eq!(asking(false, 11_000_000).next(Some(&waiting), 1), Move::LineUp(1));
    assert_eq!(asking(false, 11_000_001).next(Some(&waiting), 1), Move::StartOver);
    assert_eq!(asking(true, 20_000_000).next(Some(&waiting), 1), Move::StartOver);
    assert_eq!(take(&asking(false, 20_000_000), &mut Some(waiting), 1), [Turn::Start(at(20_000_000))]);
    let idle = line(1_000_000, 1_000_000);
    assert_eq!(asking(false, 60_000_000).next(Some(&idle), 1), Move::Begin(1), "there was no line");
}

#[test]
fn a_line_is_as_long_as_four_hours() {
    let hours = |hours: i64, more| line(2_000_000, hours * 3_600_000_000 + more);
    assert_eq!(asking(false, 0).next(Some(&hours(4, 0)), 1), Move::LineUp(1));
    assert_eq!(asking(false, 0).next(Some(&hours(4, 1)), 1), Move::TurnAway);
    assert_eq!(take(&asking(false, 0), &mut Some(hours(4, 1)), 2), [Turn::Away; 2]);
}

#[test]
fn what_waits_is_counted_from_the_next_slot() {
    assert_eq!(line(500_000, 500_000).waiting(at(0)), None);
    let waiting = |line: Line, after| line.waiting(at(after)).map(|waiting| (waiting.deliveries, waiting.until));
    assert_eq!(waiting(line(500_000, 60_500_000), 0), Some((600, at(60_500_000))));
    assert_eq!(waiting(line(500_000, 60_500_000), 60_450_000), Some((1, at(60_500_000))));
    assert_eq!(waiting(line(500_000, 60_500_000), 60_500_000), None);
}

proptest! {
    /// Whoever asks when and for how many: two attempts are never closer than the pace, and what waits is sent in the end.
    #[test]
    fn attempts_are_never_closer_than_the_pace(
        per_second in 1_u16..=MAX_PER_SECOND,
        arrivals in proptest::collection::vec((0_i64..3_000_000, 1_u32..20), 1..40),
    ) {
        let per_second = NonZeroU16::new(per_second).unwrap();
        let ask = |has_waited, after| Asking { per_second, ..asking(has_waited, after) };
        let (mut seen, mut starts, mut now) = (None, Vec::new(), 0);
        let mut waiting: VecDeque<Timestamp> = VecDeque::new();
        let mut note = |turns: Vec<Turn>, waiting: &mut VecDeque<Timestamp>| {
            for turn in turns {
                match turn {
                    Turn::Start(at) => starts.push(at.as_microsecond()),
                    Turn::Wait(at) => waiting.push_back(at),
                    Turn::Away => {}
                }
            }
        };
        for (pause, count) in arrivals {
            now += pause;
            let due = waiting.partition_point(|until| *until <= at(now));
            waiting.drain(..due);
            for _ in 0..due {
                note(take(&ask(true, now), &mut seen, 1), &mut waiting);
            }
            note(take(&ask(false, now), &mut seen, count), &mut waiting);
        }
        while let Some(until) = waiting.pop_front() {
            now = now.max(until.as_microsecond() - NOW);
            note(take(&ask(true, now), &mut seen, 1), &mut waiting);
        }
        starts.sort_unstable();
        let interval = ask(false, 0).interval();
        prop_assert!(starts.windows(2).all(|two| two[1] - two[0] >= interval));
    }
}
