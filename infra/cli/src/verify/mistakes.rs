//! The mistakes that people make, tried one by one and in pairs; the console's debugger tries the same.

use domain::signing::{SigningSecret, verify, verify_standard};
use jiff::Timestamp;
use serde_json::Value;

use super::received::{Received, Signature};

/// What is wrong, if it is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing: this signature matches.
    Verified { by: &'static str },
    /// These mistakes, together.
    Mistakes(Vec<Mistake>),
    /// The secret can't be one.
    NoSecret,
    /// The timestamp can't be one.
    NoTimestamp,
    /// None of those that are known.
    Unknown,
}

/// One mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mistake {
    /// `secret`, `signature`, `timestamp` or `body`.
    pub(super) part: &'static str,
    pub(super) advice: &'static str,
}

/// A mistake, and what arrived without it.
struct Trial {
    mistake: Mistake,
    /// `None` where it can't have been made.
    undo: fn(&Received) -> Option<Received>,
}

const TRIALS: [Trial; 13] = [
    trial("secret", "It has spaces or a line break around it: trim it where you read it.", |it| {
        secret(it, it.secret.trim().to_owned())
    }),
    trial("secret", "It lacks whsec_: the key is the whole string, the prefix included.", |it| {
        secret(it, format!("whsec_{}", it.secret.trim()))
    }),
    trial("secret", "It stands in quotes: they are no part of it.", |it| {
        secret(it, it.secret.trim().trim_matches(['"', '\'']).to_owned())
    }),
    trial("signature", "It is lower-case hex with nothing around it.", |it| {
        signatures(it, |text| text.trim().to_ascii_lowercase())
    }),
    trial("signature", "It has no prefix such as sha256=: don't add or expect one.", |it| {
        signatures(it, |text| text.trim().trim_start_matches("sha256=").trim_start_matches("v1=").to_owned())
    }),
    trial("timestamp", "It has spaces around it.", |it| timestamp(it, it.timestamp.trim().to_owned())),
    trial("timestamp", "It is in milliseconds: sign the text of the header, in seconds.", |it| {
        let digits = it.timestamp.trim();
        timestamp(it, digits.get(..digits.len().checked_sub(3)?)?.to_owned())
    }),
    trial("timestamp", "It was turned into a date: sign the text of the header, in Unix seconds.", |it| {
        timestamp(it, it.timestamp.trim().parse::<Timestamp>().ok()?.as_second().to_string())
    }),
    trial("body", "It has white space around it that was not sent.", |it| body(it, it.body.trim_ascii().to_vec())),
    trial("body", "The line break at its end was lost.", |it| body(it, [&it.body[..], b"\n"].concat())),
    trial("body", "Its line breaks were changed to CRLF.", |it| {
        body(it, String::from_utf8(it.body.clone()).ok()?.replace("\r\n", "\n").into_bytes())
    }),
    trial("body", "It begins with a byte order mark that was not sent.", |it| {
        body(it, it.body.strip_prefix("\u{feff}".as_bytes())?.to_vec())
    }),
    trial(
        "body",
        "It was parsed and serialized again: spaces or escapes differ. Verify over the raw bytes, before anything parses \
         them.",
        |it| {
            let read: Value = serde_json::from_slice(&it.body).ok()?;
            let (event, time, data) = (read.get("event")?.as_str()?, read.get("timestamp")?, read.get("data")?);
            body(it, domain::events::body_as_sent(event, time, data).into_bytes())
        },
    ),
];

const fn trial(part: &'static str, advice: &'static str, undo: fn(&Received) -> Option<Received>) -> Trial {
    Trial { mistake: Mistake { part, advice }, undo }
}

/// Finds what is wrong with what arrived. How old it is does not matter here.
pub(super) fn find(received: &Received) -> Finding {
    if let Some(by) = matching(received) {
        return Finding::Verified { by };
    }
    let undone = || TRIALS.iter().filter_map(|trial| Some((trial.mistake, (trial.undo)(received)?)));
    if let Some((mistake, _)) = undone().find(|(_, fixed)| matching(fixed).is_some()) {
        return Finding::Mistakes(vec![mistake]);
    }
    for (first, fixed) in undone() {
        let others = TRIALS.iter().filter(|trial| trial.mistake.part != first.part);
        let both = others.filter_map(|trial| Some((trial.mistake, (trial.undo)(&fixed)?)));
        if let Some((second, _)) = both.into_iter().find(|(_, fixed)| matching(fixed).is_some()) {
            return Finding::Mistakes(vec![first, second]);
        }
    }
    if SigningSecret::parse(received.secret.clone()).is_err() {
        return Finding::NoSecret;
    }
    if received.timestamp.parse::<i64>().is_err() {
        return Finding::NoTimestamp;
    }
    Finding::Unknown
}

/// The header of the signature that matches, as a receiver computes it: by the code that signs deliveries.
fn matching(received: &Received) -> Option<&'static str> {
    let secret = SigningSecret::parse(received.secret.clone()).ok()?;
    // Of its age somebody else judges.
    let now = Timestamp::from_second(received.timestamp.parse().ok()?).ok()?;
    let Received { body, timestamp, id, .. } = received;
    let matches = |signature: &&Signature| {
        if signature.is_standard() {
            let id = id.as_deref().unwrap_or_default();
            return verify_standard(&secret, id, &signature.text, timestamp, body, now).is_ok();
        }
        // Receivers compare texts: another case is another signature.
        let is_lower = !signature.text.bytes().any(|byte| byte.is_ascii_uppercase());
        is_lower && verify(&secret, &signature.text, timestamp, body, now).is_ok()
    };
    received.signatures.iter().find(matches).map(|signature| signature.header)
}

impl Finding {
    /// Which parts are wrong.
    pub(super) fn parts(&self) -> Vec<&'static str> {
        match self {
            Self::Verified { .. } | Self::Unknown => Vec::new(),
            Self::Mistakes(mistakes) => mistakes.iter().map(|mistake| mistake.part).collect(),
            Self::NoSecret => vec!["secret"],
            Self::NoTimestamp => vec!["timestamp"],
        }
    }

    /// The verdict, and what to do.
    pub(super) fn told(&self) -> (String, Vec<String>) {
        let parts = self.parts();
        let verb = if parts.len() > 1 { "are" } else { "is" };
        let wrong = format!("Not verified: the {} {verb} wrong.", parts.join(" and the "));
        let unknown = "Not verified, and no known mistake explains it.".to_owned();
        match self {
            Self::Verified { .. } => (String::new(), Vec::new()),
            Self::Mistakes(mistakes) => {
                let line = |mistake: &Mistake| format!("{}: {}", mistake.part, mistake.advice);
                (wrong, mistakes.iter().map(line).collect())
            }
            Self::NoSecret => (
                wrong,
                vec![
                    "secret: it is not whsec_ and the base64 of 32 bytes. Reveal it on the endpoint's page.".to_owned(),
                ],
            ),
            Self::NoTimestamp => {
                (wrong, vec!["timestamp: it is not a Unix time in seconds, such as 1760970600.".to_owned()])
            }
            Self::Unknown => (unknown, UNKNOWN.map(str::to_owned).to_vec()),
        }
    }
}

/// What to look at when nothing explains it.
const UNKNOWN: [&str; 3] = [
    "body: write out the raw bytes before anything parses them, and give those.",
    "secret: is it another endpoint's, or one from before a rotation? Compare its last characters on the endpoint's page.",
    "timestamp: take it from the same request as the signature, since each attempt has its own.",
];

fn secret(it: &Received, secret: String) -> Option<Received> {
    (secret != it.secret).then(|| Received { secret, ..it.clone() })
}

fn timestamp(it: &Received, timestamp: String) -> Option<Received> {
    (timestamp != it.timestamp).then(|| Received { timestamp, ..it.clone() })
}

fn body(it: &Received, body: Vec<u8>) -> Option<Received> {
    (body != it.body).then(|| Received { body, ..it.clone() })
}

/// Those of our own scheme: base64 has both cases, and Standard Webhooks have a prefix.
fn signatures(it: &Received, change: fn(&str) -> String) -> Option<Received> {
    let changed = |one: &Signature| {
        let text = if one.is_standard() { one.text.clone() } else { change(&one.text) };
        Signature { text, ..one.clone() }
    };
    let signatures: Vec<Signature> = it.signatures.iter().map(changed).collect();
    (signatures != it.signatures).then(|| Received { signatures, ..it.clone() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::signing::{Signers, signature_headers};

    use super::*;

    const BODY: &str = r#"{"event":"vendor.created","timestamp":"2025-10-20T14:30:00Z","data":{"name":"A/B","n":1.5}}"#;

    /// A delivery as it was sent, with the signatures of these headers.
    fn sent(headers: &[&'static str]) -> Received {
        let secret = SigningSecret::from_bytes([7; 32]);
        let signers = Signers::new(Arc::new(secret.clone()), vec![Arc::new(SigningSecret::from_bytes([8; 32]))], 1);
        let all = signature_headers(&signers, "dlv_1", 1_760_970_600, BODY.as_bytes());
        let text = |header: &str| all.iter().find(|(name, _)| *name == header).unwrap().1.clone();
        let signatures = headers.iter().map(|header| Signature { header, text: text(header) });
        Received {
            body: BODY.into(),
            timestamp: "1760970600".to_owned(),
            id: Some("dlv_1".to_owned()),
            secret: secret.expose().to_owned(),
            signatures: signatures.collect(),
        }
    }

    fn parts(received: &Received) -> Vec<&'static str> {
        let Finding::Mistakes(mistakes) = find(received) else { panic!("{:?}", find(received)) };
        mistakes.iter().map(|mistake| mistake.part).collect()
    }

    #[test]
    fn any_signature_of_a_rotation_counts() {
        assert_eq!(find(&sent(&["X-Webhook-Signature"])), Finding::Unknown, "that is the other secret's");
        let both = sent(&["X-Webhook-Signature", "X-Webhook-Signature-Next"]);
        assert_eq!(find(&both), Finding::Verified { by: "X-Webhook-Signature-Next" });
        assert_eq!(find(&sent(&["webhook-signature"])), Finding::Verified { by: "webhook-signature" });
    }

    #[test]
    fn each_known_mistake_is_found() {
        let right = sent(&["X-Webhook-Signature-Next"]);
        let bare = right.secret.replace("whsec_", "");
        for secret in [format!("{}\n", right.secret), bare, format!("\"{}\"", right.secret)] {
            assert_eq!(parts(&Received { secret, ..right.clone() }), ["secret"]);
        }
        let signature = |change: fn(&str) -> String| {
            let text = change(&right.signatures[0].text);
            Received { signatures: vec![Signature { text, ..right.signatures[0].clone() }], ..right.clone() }
        };
        assert_eq!(parts(&signature(str::to_uppercase)), ["signature"]);
        assert_eq!(parts(&signature(|text| format!("sha256={text}"))), ["signature"]);
        for timestamp in [" 1760970600", "1760970600000", "2025-10-20T14:30:00Z"] {
            assert_eq!(parts(&Received { timestamp: timestamp.to_owned(), ..right.clone() }), ["timestamp"]);
        }
        let spaced = serde_json::from_str::<Value>(BODY).map(|value| format!("{value:#}")).unwrap();
        for body in [format!("{BODY}\n"), spaced, BODY.replace("A/B", "A\\/B"), format!("\u{feff}{BODY}")] {
            assert_eq!(parts(&Received { body: body.into_bytes(), ..right.clone() }), ["body"]);
        }
    }

    #[test]
    fn two_mistakes_are_found_together_and_others_are_not_guessed() {
        let right = sent(&["X-Webhook-Signature-Next"]);
        let cut = right.secret.replace("whsec_", "");
        let two = Received { secret: cut, timestamp: "1760970600000".to_owned(), ..right.clone() };
        assert_eq!(parts(&two), ["secret", "timestamp"]);
        let changed = Received { body: BODY.replace("A/B", "C").into_bytes(), ..right.clone() };
        assert_eq!(find(&changed), Finding::Unknown);
        assert_eq!(find(&Received { secret: "hunter2".to_owned(), ..right.clone() }), Finding::NoSecret);
        assert_eq!(find(&Received { timestamp: "soon".to_owned(), ..right }), Finding::NoTimestamp);
    }
}
