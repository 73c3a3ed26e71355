use proptest::prelude::*;

use super::*;

fn read(number: &str) -> f64 {
    let text = kept(number);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_a_float_holds_stays_byte_for_byte() {
    for text in [
        "0",
        "-0",
        "-0.0",
        "0e5",
        "0.000000000000000000000000",
        "812.5",
        "8.500000000000000000000000",
        "1e2",
        "1E+2",
        "5e-324",
        "0.1",
        "9007199254740993",
        "18446744073709551615",
        "100000000000000000000000",
        "185000.0000e0",
        "0.30000000000000004",
        "0.3333333333333333333333333333",
        "1e0000000000000000000000000000001",
        r#"{"a":"1e400","\"1e-400":"\\","b":[1.5,-2e3]}"#,
    ] {
        assert!(matches!(kept(text), Cow::Borrowed(same) if same == text), "{text}");
    }
}

#[test]
fn what_a_float_can_not_hold_is_on_the_same_side_of_every_bound() {
    let zeros = "0".repeat(100_000);
    for tiny in [format!("0.{zeros}1"), "1e-400".to_owned(), format!("1e-{zeros}9999999999999999999999")] {
        assert!(read(&tiny) > 0.0 && read(&format!("-{tiny}")) < 0.0);
    }
    for huge in ["1e400".to_owned(), format!("1{zeros}"), format!("1{zeros}.5"), "1e99999999999999999999".to_owned()] {
        assert!(read(&huge) > 1e300 && read(&format!("-{huge}")) < -1e300);
    }
    assert!(read("90.00000000000000000001") > 90.0);
    assert!(read("89.99999999999999999999") < 90.0);
    assert!(read("-90.00000000000000000001") < -90.0);
    assert!(read("5.0000000000000000000001").fract() > 0.0);
    assert!(read("50000000000000000000000.1e-22").fract() > 0.0);
    assert!(read("3e-324") > 0.0 && read("1e-330") > 0.0);
    assert_eq!(kept(r#"{"a": 1e-400, "b":"x"} "#), r#"{"a": 5e-324, "b":"x"} "#);
}

#[test]
fn what_is_not_json_is_not_mended() {
    for text in ["01e400", "1.e400", "-e400", ".1e400", "1e400.", "1e+", "--1e400", "\"1e400", "1e400e", "+1e400"] {
        let text = format!("[{text}]");
        assert!(serde_json::from_str::<serde_json::Value>(&kept(&text)).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_kept_or_only_its_numbers_change(text in "[-0-9eE+.\",\\\\a ]{0,60}") {
        let _ = kept(&text);
    }

    #[test]
    fn every_float_is_read_as_itself(float in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
        for text in [format!("{float:e}"), format!("{float}"), format!("{float:?}")] {
            prop_assert_eq!(read(&text).to_bits(), float.to_bits());
        }
    }
}
