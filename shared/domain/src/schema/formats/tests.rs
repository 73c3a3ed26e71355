use proptest::prelude::*;

use super::*;

type Reader = fn(&str) -> Result<String, Flaw>;

fn refuses(reader: Reader, code: DefectCode, texts: &[&str]) {
    for text in texts {
        assert_eq!(reader(text).map_err(|flaw| flaw.0), Err(code), "{text}");
    }
}

fn keeps(reader: Reader, texts: &[&str]) {
    for text in texts {
        assert_eq!(reader(text), Ok((*text).to_owned()));
    }
}

#[test]
fn dates_are_days_of_the_calendar() {
    keeps(date, &["2025-11-03", "2024-02-29", "2000-01-01", "2100-12-31"]);
    let wrong = ["2025-11-03T00:00:00Z", "2025-02-30", "2025-13-01", "25-11-03", "2025/11/03", "２０２５-11-03", ""];
    refuses(date, DefectCode::InvalidFormat, &wrong);
    refuses(date, DefectCode::OutOfRange, &["1999-12-31", "2101-01-01"]);
    keeps(historic_date, &["1900-01-01", "1988-04-01", "2100-12-31"]);
    refuses(historic_date, DefectCode::InvalidFormat, &["1900-02-29", "1988-4-1"]);
    refuses(historic_date, DefectCode::OutOfRange, &["1899-12-31", "2101-01-01"]);
}

#[test]
fn instants_become_utc_in_whole_seconds() {
    for (sent, kept) in [
        ("2025-11-03T05:00:00-06:00", "2025-11-03T11:00:00Z"),
        ("2025-11-03t05:00:00.999999999999z", "2025-11-03T05:00:00Z"),
        ("2025-11-03T05:00:00+05:45", "2025-11-02T23:15:00Z"),
        ("2025-11-03T05:00:00-00:00", "2025-11-03T05:00:00Z"),
    ] {
        assert_eq!(date_time(sent), Ok(kept.to_owned()), "{sent}");
    }
    let wrong = [
        "2025-11-03T05:00:00",
        "2025-11-03T05:00Z",
        "2025-11-03 05:00:00Z",
        "2025-11-03",
        "2025-11-03T05:00:00.Z",
        "2025-11-03T05:00:00+24:00",
        "2025-11-03T05:00:00+0600",
        "2025-11-03T24:00:00Z",
        "2025-02-30T05:00:00Z",
        "2025-11-03T05:00:00Z[UTC]",
        "2025-11-03T05:00:0٣Z",
    ];
    refuses(date_time, DefectCode::InvalidFormat, &wrong);
    refuses(date_time, DefectCode::OutOfRange, &["1999-12-31T23:59:59Z", "2100-12-31T23:00:00-05:00"]);
}

#[test]
fn an_instant_keeps_its_fraction() {
    for (sent, kept) in [
        ("2026-01-05T10:00:00.900Z", "2026-01-05T10:00:00.9Z"),
        ("2026-01-05T10:00:00.123456789-06:00", "2026-01-05T16:00:00.123456789Z"),
        ("2026-01-05T10:00:00.1234567899999Z", "2026-01-05T10:00:00.123456789Z"),
        ("2026-01-05T10:00:00.000Z", "2026-01-05T10:00:00Z"),
        ("2026-01-05t10:00:00z", "2026-01-05T10:00:00Z"),
    ] {
        assert_eq!(instant(sent), Ok(kept.to_owned()), "{sent}");
    }
    refuses(instant, DefectCode::InvalidFormat, &["2026-01-05T10:00:00.Z", "2026-01-05T10:00:00.9"]);
    refuses(instant, DefectCode::OutOfRange, &["1999-12-31T23:59:59.999Z"]);
}

#[test]
fn times_zones_and_codes() {
    keeps(time, &["00:00", "23:59", "07:30"]);
    refuses(time, DefectCode::InvalidFormat, &["24:00", "07:60", "7:30", "07:30:00", "0７:3"]);
    keeps(time_zone, &["America/Chicago", "UTC", "America/Argentina/Buenos_Aires", "US/Central"]);
    assert_eq!(time_zone("america/chicago"), Ok("America/Chicago".to_owned()));
    refuses(time_zone, DefectCode::InvalidValue, &["CST6", "America/Springfield", "Etc/Unknown", "+06:00"]);
    keeps(currency, &["USD", "CAD", "MXN", "EUR", "JPY"]);
    refuses(currency, DefectCode::InvalidValue, &["usd", "US", "US1", "USDX", "ZZZ"]);
    keeps(country, &["US", "CA", "MX", "SS", "CW", "BQ"]);
    refuses(country, DefectCode::InvalidValue, &["us", "USA", "U", "ZZ", "UK"]);
}

#[test]
fn codes_are_those_in_force() {
    keeps(currency, &["VES", "VED", "SLE", "ZWG", "XCG", "XAD", "CUP", "STN", "MRU", "BYN", "CHE", "XAU"]);
    let withdrawn = [
        "ANG", "BGN", "BYR", "CUC", "CYP", "DEM", "EEK", "FRF", "HRK", "LTL", "LVL", "MRO", "SKK", "SLL", "STD", "TRL",
        "USS", "VEF", "XFU", "ZMK", "ZWL",
    ];
    refuses(currency, DefectCode::InvalidValue, &withdrawn);
    keeps(country, &["XK", "SS", "TL", "RS", "ME", "SX"]);
    refuses(country, DefectCode::InvalidValue, &["AN", "BU", "CS", "DD", "SU", "TP", "YU", "ZR", "EU", "XX"]);
}

#[test]
fn contact_data() {
    keeps(email, &["mj.nunez@bluebonnet-mech.example", "a+b@c.d", "josé@example.mx"]);
    refuses(email, DefectCode::InvalidFormat, &["a@b", "a@", "@b.c", "a@@b.c", "a@b@c.d", "a b@c.d", "a@b..c", "a"]);
    keeps(phone, &["+1 512 555 0188", "(512) 555-0188 x12", "512.555.0188 ext. 7", "+52 81 5555 0133", "5550188x1"]);
    keeps(phone, &["(650) 555-7745 Ext. 12", "650-555-7745 X12", "650 555 7745EXT12", "650 555 7745 eXt 1"]);
    let wrong = [
        "512-555-0188 exit 4",
        "512-555-0188 Ext: 4",
        "555-018",
        "+1 512 555 0188 #4",
        "call me",
        "555 0188 ext",
        "5550188 x1234567",
        "++15125550188",
    ];
    refuses(phone, DefectCode::InvalidFormat, &wrong);
    refuses(phone, DefectCode::InvalidFormat, &["1234567890123456789012"]);
    keeps(url, &["https://mueller-stahlbau.example/kontakt", "http://a.example?x#y", "https://a.example:8443"]);
    let wrong = ["ftp://a.example", "https://u:p@a.example", "https://", "https://a b", "a.example", "HTTPS://a.b"];
    refuses(url, DefectCode::InvalidFormat, &wrong);
}

proptest! {
    #[test]
    fn no_text_upsets_a_reader(text in "\\PC{0,40}") {
        for reader in [date as Reader, date_time, time, time_zone, currency, country, email, phone, url] {
            if let Ok(once) = reader(&text) {
                prop_assert_eq!(reader(&once), Ok(once));
            }
        }
    }

    #[test]
    fn what_looks_like_an_instant_is_one_or_is_refused(
        text in "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,12})?(Z|[+-][0-2][0-9]:[0-6][0-9])"
    ) {
        if let Ok(once) = date_time(&text) {
            prop_assert_eq!(once.len(), 20);
            prop_assert_eq!(date_time(&once), Ok(once));
        }
    }
}
