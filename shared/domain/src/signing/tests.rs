use super::*;

const BODY: &[u8] = br#"{"event":"workorder.created"}"#;
const SENT: i64 = 1_760_970_600;

fn secret() -> SigningSecret {
    SigningSecret::from_bytes(std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

fn other(byte: u8) -> SigningSecret {
    SigningSecret::from_bytes([byte; 32])
}

/// The headers of a delivery that `newest` and `previous` sign, and `lead` leads.
fn signed(newest: &SigningSecret, previous: &[&SigningSecret], lead: usize) -> Vec<(&'static str, String)> {
    let previous = previous.iter().map(|secret| Arc::new((*secret).clone())).collect();
    let signers = Signers::new(Arc::new(newest.clone()), previous, lead);
    signature_headers(&signers, "dlv_01K80J3Z40ABCDEFGHJKMNPQRS", SENT, BODY)
}

fn header(headers: &[(&str, String)], name: &str) -> String {
    headers.iter().find(|(n, _)| *n == name).unwrap().1.clone()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The expected values were made with OpenSSL:
/// `printf %s '1760970600.{...}' | openssl dgst -sha256 -hmac 'whsec_...'`.
#[test]
fn known_answers() {
    let headers = signed(&secret(), &[], 0);
    assert_eq!(secret().expose(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_eq!(
        header(&headers, "X-Webhook-Signature"),
        "79a257e08dd0aba4b5cec003376099264f5003257a93d7e7fae999568adbf543"
    );
    assert_eq!(header(&headers, "webhook-signature"), "v1,QOW117gOQOKxZGkQsXkmNArCZ0L5PA/LvIBT2qpl0dg=");
    assert_eq!(header(&headers, "X-Webhook-Timestamp"), "1760970600");
    assert_eq!(header(&headers, "webhook-timestamp"), "1760970600");
    assert_eq!(header(&headers, "X-Webhook-ID"), header(&headers, "webhook-id"));
    for absent in ["X-Webhook-Signature-Previous", "X-Webhook-Signature-Next"] {
        assert!(!headers.iter().any(|(name, _)| *name == absent), "{absent}");
    }
}

#[test]
fn a_tampered_delivery_is_refused() {
    let headers = signed(&secret(), &[], 0);
    let signature = header(&headers, "X-Webhook-Signature");
    let check =
        |signature: &str, timestamp: &str, body: &[u8], now| verify(&secret(), signature, timestamp, body, at(now));
    assert_eq!(check(&signature, "1760970600", BODY, SENT), Ok(()));
    assert_eq!(check(&signature, "1760970600", b"{}", SENT), Err(VerifyError::Mismatch));
    assert_eq!(check(&signature, "1760970601", BODY, SENT), Err(VerifyError::Mismatch));
    assert_eq!(check(&signature[..32], "1760970600", BODY, SENT), Err(VerifyError::Mismatch));
    assert_eq!(check("not hex", "1760970600", BODY, SENT), Err(VerifyError::Mismatch));
    assert_eq!(check("", "1760970600", BODY, SENT), Err(VerifyError::Mismatch));
    assert_eq!(check(&signature, "soon", BODY, SENT), Err(VerifyError::MalformedTimestamp));
}

#[test]
fn five_minutes_either_way_are_tolerated() {
    let headers = signed(&secret(), &[], 0);
    let signature = header(&headers, "X-Webhook-Signature");
    let check = |now| verify(&secret(), &signature, "1760970600", BODY, at(now));
    assert_eq!(check(SENT + 300), Ok(()));
    assert_eq!(check(SENT - 300), Ok(()));
    assert_eq!(check(SENT + 301), Err(VerifyError::TooOld));
    assert_eq!(check(SENT - 301), Err(VerifyError::TooNew));
}

/// Who signs which header, by the names of the secrets; `-` where the header is absent.
fn who(newest: u8, previous: &[u8], lead: usize) -> String {
    let secrets: Vec<_> = previous.iter().map(|byte| other(*byte)).collect();
    let headers = signed(&other(newest), &secrets.iter().collect::<Vec<_>>(), lead);
    let by = |name: &str| {
        let signature = headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value)?;
        let matches = |byte: &&u8| verify(&other(**byte), signature, "1760970600", BODY, at(SENT)).is_ok();
        std::iter::once(&newest).chain(previous).find(matches)
    };
    let names = ["X-Webhook-Signature", "X-Webhook-Signature-Next", "X-Webhook-Signature-Previous"];
    names.map(|name| by(name).map_or("-".to_owned(), u8::to_string)).join(" ")
}

#[test]
fn a_new_secret_signs_the_next_header_until_it_is_promoted() {
    assert_eq!(who(9, &[], 0), "9 - -");
    assert_eq!(who(9, &[8], 1), "8 9 -", "waiting");
    assert_eq!(who(9, &[8], 0), "9 - 8", "promoted");
    assert_eq!(who(9, &[8, 7], 1), "8 9 7", "waiting, and the rotation before still overlaps");
    assert_eq!(who(9, &[8, 7], 2), "7 9 -", "rotated twice while waiting");
    assert_eq!(who(9, &[8, 7], 0), "9 - 8");
    assert_eq!(who(9, &[8], 5), "9 - 8", "a place that there is not");
}

#[test]
fn a_standard_webhooks_library_verifies_with_any_secret() {
    let (new, old, older) = (secret(), SigningSecret::from_bytes([9; 32]), SigningSecret::from_bytes([8; 32]));
    let sent = crate::clock::now().as_second();
    let signers = Signers::new(Arc::new(new.clone()), vec![Arc::new(old.clone()), Arc::new(older.clone())], 0);
    let headers = signature_headers(&signers, "dlv_1", sent, BODY);
    let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    for known in [&new, &old, &older] {
        let library = standardwebhooks::Webhook::new(known.expose()).unwrap();
        library.verify(BODY, &map).unwrap();
        assert!(library.verify(b"{}", &map).is_err());
    }
    let stranger = standardwebhooks::Webhook::new(SigningSecret::from_bytes([1; 32]).expose()).unwrap();
    assert!(stranger.verify(BODY, &map).is_err());
}

#[test]
fn a_secret_reads_back_and_is_not_printed() {
    let text = secret().expose().to_owned();
    assert_eq!(SigningSecret::parse(text), Ok(secret()));
    assert_eq!(format!("{:?} {}", secret(), secret().hint()), "SigningSecret(..) whsec_…Hh8=");
    for wrong in ["", "whsec_", "whsec_AAEC", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "whsec_!"] {
        assert_eq!(SigningSecret::parse(wrong.to_owned()), Err(SecretError), "{wrong}");
    }
}

#[test]
fn any_standard_signature_of_a_rotation_verifies() {
    let headers = signed(&other(1), &[&secret()], 1);
    let (id, signatures) = (header(&headers, "webhook-id"), header(&headers, "webhook-signature"));
    let check = |secret: &SigningSecret, id: &str, signatures: &str, now| {
        verify_standard(secret, id, signatures, "1760970600", BODY, at(now))
    };
    for valid in [secret(), other(1)] {
        assert_eq!(check(&valid, &id, &signatures, SENT), Ok(()));
    }
    assert_eq!(check(&other(2), &id, &signatures, SENT), Err(VerifyError::Mismatch));
    assert_eq!(check(&secret(), "dlv_other", &signatures, SENT), Err(VerifyError::Mismatch), "the id is signed too");
    assert_eq!(check(&secret(), &id, &signatures.replace("v1,", "v2,"), SENT), Err(VerifyError::Mismatch));
    assert_eq!(check(&secret(), &id, &signatures, SENT + TOLERANCE_SECONDS + 1), Err(VerifyError::TooOld));
}
