use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn secret(sealed: &str, until: i64) -> PreviousSecret {
    PreviousSecret { sealed: sealed.to_owned(), valid_until: at(until), leads: false }
}

fn leading(sealed: &str, until: i64) -> PreviousSecret {
    PreviousSecret { leads: true, ..secret(sealed, until) }
}

fn names(secrets: &PreviousSecrets, now: i64) -> Vec<&str> {
    secrets.valid(at(now)).map(|previous| previous.sealed.as_str()).collect()
}

#[test]
fn the_one_that_was_replaced_last_comes_first_and_each_is_valid_for_its_own_time() {
    let mut secrets = PreviousSecrets::default();
    secrets.replace(secret("a", 100), at(0)).unwrap();
    secrets.replace(secret("b", 50), at(1)).unwrap();
    assert_eq!(names(&secrets, 49), ["b", "a"]);
    assert_eq!(names(&secrets, 50), ["a"]);
    secrets.replace(secret("c", 60), at(60)).unwrap();
    assert_eq!(secrets.0, [secret("a", 100)], "expired ones are dropped, and not kept for no time");
}

#[test]
fn five_are_valid_at_most() {
    let mut secrets = PreviousSecrets::default();
    for until in 10..15 {
        secrets.replace(secret("s", until), at(0)).unwrap();
    }
    assert_eq!(secrets.replace(secret("t", 20), at(9)), Err(TooMany));
    assert_eq!(secrets.replace(secret("t", 9), at(9)), Ok(()), "one that ends at once needs no room");
    assert_eq!(secrets.replace(secret("t", 20), at(10)), Ok(()));
}

#[test]
fn a_replaced_secret_leads_until_the_new_one_is_promoted_or_its_overlap_ends() {
    let mut secrets = PreviousSecrets::default();
    secrets.replace(secret("a", 100), at(0)).unwrap();
    assert_eq!((secrets.lead(at(0)), secrets.promotes_at(at(0))), (0, None), "the new one leads at once");
    secrets.replace(leading("b", 50), at(1)).unwrap();
    assert_eq!((secrets.lead(at(1)), secrets.promotes_at(at(1))), (1, Some(at(50))));
    assert_eq!((secrets.lead(at(50)), secrets.promotes_at(at(50))), (0, None), "the overlap has ended");
    secrets.replace(secret("c", 60), at(2)).unwrap();
    assert_eq!(names(&secrets, 2), ["c", "b", "a"]);
    assert_eq!((secrets.lead(at(2)), secrets.promotes_at(at(2))), (2, Some(at(50))), "it goes on leading");
    let mut early = secrets.clone();
    early.promote(at(20));
    assert_eq!((names(&early, 19), names(&early, 20)), (vec!["b", "c", "a"], vec!["c", "a"]), "it ends earlier");
    secrets.promote(at(90));
    assert_eq!((secrets.lead(at(2)), secrets.promotes_at(at(2))), (0, None));
    assert_eq!((names(&secrets, 49), names(&secrets, 50)), (vec!["b", "c", "a"], vec!["c", "a"]), "no later");
}

#[test]
fn the_form_that_held_one_is_read() {
    let one = json!({"sealed": "a", "validUntil": "1970-01-01T00:01:40Z"});
    for (stored, expected) in
        [(json!(null), vec![]), (one.clone(), vec![secret("a", 100)]), (json!([one]), vec![secret("a", 100)])]
    {
        let read: PreviousSecrets = serde_json::from_value(stored).unwrap();
        assert_eq!(read.0, expected);
        assert_eq!(serde_json::from_value::<PreviousSecrets>(json!(read)).unwrap(), read);
    }
}
