//! What arrived at a receiver, as the receiver has it.

/// The parts that go into a signature, and the signatures.
#[derive(Clone)]
pub(super) struct Received {
    pub(super) body: Vec<u8>,
    pub(super) timestamp: String,
    /// Only `webhook-signature` covers it.
    pub(super) id: Option<String>,
    /// As the receiver has it: it may be no secret at all.
    pub(super) secret: String,
    /// At least one.
    pub(super) signatures: Vec<Signature>,
}

/// A signature with the name of its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) header: &'static str,
    pub(super) text: String,
}

/// The headers that hold signatures.
const SIGNATURES: [&str; 4] =
    ["X-Webhook-Signature", "X-Webhook-Signature-Next", "X-Webhook-Signature-Previous", STANDARD];
const STANDARD: &str = "webhook-signature";

impl Signature {
    /// Which header a signature is of shows its form.
    pub(super) fn of_text(text: String) -> Self {
        let header = if text.trim_start().starts_with("v1,") { STANDARD } else { SIGNATURES[0] };
        Self { header, text }
    }

    /// Whether it is one of Standard Webhooks.
    pub(super) fn is_standard(&self) -> bool {
        self.header == STANDARD
    }
}

impl Received {
    /// Reads headers, one a line; whatever is no header, such as a status line, is left out.
    pub(super) fn of_headers(headers: &str, body: Vec<u8>, secret: String) -> Result<Self, String> {
        let value = |name: &str| {
            let headers = headers.lines().filter_map(|line| line.split_once(':'));
            let mut found = headers.filter(|(one, _)| one.trim().eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.trim().to_owned())
        };
        let signature = |header| Some(Signature { header, text: value(header)? });
        let signatures: Vec<Signature> = SIGNATURES.into_iter().filter_map(signature).collect();
        let timestamp = value("X-Webhook-Timestamp").or_else(|| value("webhook-timestamp"));
        let id = value("webhook-id").or_else(|| value("X-Webhook-ID"));
        let timestamp = timestamp.ok_or("there is no X-Webhook-Timestamp among the headers")?;
        Self { body, timestamp, id, secret, signatures }.checked()
    }

    /// The same, if nothing is missing.
    pub(super) fn checked(self) -> Result<Self, String> {
        if self.signatures.is_empty() {
            return Err("there is no X-Webhook-Signature among the headers".to_owned());
        }
        if self.signatures.iter().all(Signature::is_standard) && self.id.is_none() {
            return Err("a webhook-signature covers the webhook-id; give that too, with --id".to_owned());
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_logs_and_curl_show_them() {
        let headers = "POST /hook HTTP/1.1\r\nx-webhook-signature: ab:c \nWebhook-Signature:v1,x= v1,y=\n\
                       X-WEBHOOK-TIMESTAMP: 1\nwebhook-id: dlv_1\n";
        let received = Received::of_headers(headers, Vec::new(), String::new()).unwrap_or_else(|why| panic!("{why}"));
        let signatures: Vec<_> = received.signatures.iter().map(|one| (one.header, one.text.as_str())).collect();
        assert_eq!(signatures, [("X-Webhook-Signature", "ab:c"), ("webhook-signature", "v1,x= v1,y=")]);
        assert_eq!((received.timestamp.as_str(), received.id.as_deref()), ("1", Some("dlv_1")));
    }

    #[test]
    fn what_is_missing_is_named() {
        let read = |headers: &str| Received::of_headers(headers, Vec::new(), String::new()).err().unwrap_or_default();
        assert!(read("X-Webhook-Signature: a").contains("X-Webhook-Timestamp"));
        assert!(read("X-Webhook-Timestamp: 1").contains("X-Webhook-Signature"));
        assert!(read("X-Webhook-Timestamp: 1\nwebhook-signature: v1,a").contains("webhook-id"));
    }
}
