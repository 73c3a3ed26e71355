use proptest::prelude::*;
use serde_json::json;

use super::*;

fn code(result: Result<Value, Flaw>) -> Result<Value, DefectCode> {
    result.map_err(|flaw| flaw.0)
}

#[test]
fn whole_numbers_are_integers() {
    for (sent, kept) in [(json!(5.0), "5"), (json!(-0.0), "0"), (json!(5e2), "500"), (json!(812.5), "812.5")] {
        let read = number(&sent, Min::AtLeast(-1000), 1000, 2).map(|v| v.to_string());
        assert_eq!(read, Ok(kept.to_owned()));
    }
}

#[test]
fn decimals_are_those_that_were_written() {
    let hours = |v: Value| code(number(&v, Min::Above(0), 9999, 2));
    assert_eq!(hours(json!(1.1)), Ok(json!(1.1)));
    assert_eq!(hours(json!(0.29)), Ok(json!(0.29)));
    assert_eq!(hours(json!(1.005)), Err(DefectCode::TooManyDecimals));
    assert_eq!(hours(json!(1e-9)), Err(DefectCode::TooManyDecimals));
    assert_eq!(hours(json!(0)), Err(DefectCode::OutOfRange));
    assert_eq!(hours(json!(-0.0)), Err(DefectCode::OutOfRange));
    assert_eq!(hours(json!(10_000)), Err(DefectCode::OutOfRange));
    assert_eq!(hours(json!(1e13)), Err(DefectCode::TooLarge));
    assert_eq!(hours(json!(1e300)), Err(DefectCode::TooLarge));
    assert_eq!(hours(json!("5")), Err(DefectCode::InvalidType));
    assert_eq!(code(int(&json!(5.5), 1, 9)), Err(DefectCode::InvalidType));
    assert_eq!(code(int(&json!(5.0), 1, 9)), Ok(json!(5)));
    assert_eq!(code(int(&json!(u64::MAX), 1, 9)), Err(DefectCode::OutOfRange));
}

#[test]
fn coordinates_are_rounded_within_their_range() {
    let degrees = |v: Value| code(coordinate(&v, 90));
    assert_eq!(degrees(json!(37.445_013_123_456_78)), Ok(json!(37.445_013_1)));
    assert_eq!(degrees(json!(-37.445_013_15)), Ok(json!(-37.445_013_2)));
    assert_eq!(degrees(json!(-1e-9)).map(|v| v.to_string()), Ok("0".to_owned()));
    assert_eq!(degrees(json!(90)), Ok(json!(90)));
    assert_eq!(degrees(json!(90.000_000_001)), Err(DefectCode::OutOfRange));
    assert_eq!(degrees(json!(-91)), Err(DefectCode::OutOfRange));
    assert_eq!(degrees(json!("12")), Err(DefectCode::InvalidType));
}

#[test]
fn money_is_a_plain_decimal_string() {
    for good in ["0", "0.05", "185000.00", "999999999999.9", " 7.5 "] {
        assert_eq!(code(amount(&json!(good), 2)), Ok(json!(good.trim())));
    }
    for (long, kept) in [("185000.0000", "185000.00"), ("0.500", "0.50"), ("7.0", "7.0"), ("0.000", "0.00")] {
        assert_eq!(code(amount(&json!(long), 2)), Ok(json!(kept)));
    }
    assert_eq!(code(amount(&json!("86.500000"), 4)), Ok(json!("86.5000")));
    for (bad, because) in [
        ("1.0001", DefectCode::TooManyDecimals),
        ("-0.000", DefectCode::OutOfRange),
        ("007", DefectCode::InvalidFormat),
        (".5", DefectCode::InvalidFormat),
        ("5.", DefectCode::InvalidFormat),
        ("1e3", DefectCode::InvalidFormat),
        ("1,000", DefectCode::InvalidFormat),
        ("+5", DefectCode::InvalidFormat),
        ("$5", DefectCode::InvalidFormat),
        ("-", DefectCode::InvalidFormat),
        ("٣", DefectCode::InvalidFormat),
        ("-1.00", DefectCode::OutOfRange),
        ("1000000000000", DefectCode::TooLarge),
        ("1.005", DefectCode::TooManyDecimals),
    ] {
        assert_eq!(code(amount(&json!(bad), 2)), Err(because), "{bad}");
    }
    assert_eq!(code(amount(&json!(5), 2)), Err(DefectCode::InvalidType));
    assert_eq!(money(&json!("0.0525")), Some(Decimal::new(525, 4)));
    assert_eq!(money(&Value::Null), None);
}

proptest! {
    #[test]
    fn a_rounded_coordinate_stays_as_it_is(float in -180_f64..180.0) {
        let once = coordinate(&json!(float), 180).unwrap();
        prop_assert!(once.to_string().split('.').nth(1).is_none_or(|fraction| fraction.len() <= 7));
        prop_assert_eq!(coordinate(&once, 180), Ok(once));
    }

    #[test]
    fn any_number_is_read_or_refused_and_read_the_same_again(float in any::<f64>()) {
        if let Ok(once) = number(&json!(float), Min::AtLeast(-999_999_999), 999_999_999, 4) {
            prop_assert_eq!(number(&once, Min::AtLeast(-999_999_999), 999_999_999, 4), Ok(once));
        }
    }
}
