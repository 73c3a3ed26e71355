// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
// Cargo.toml: hex = "0.4", hmac = "0.13", sha2 = "0.11"
use std::io::Read;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TOLERANCE_SECONDS: u64 = 300;

/// Whether `body`, the raw bytes, was signed with `secret` not long before `now` (Unix seconds). `signatures`:
/// X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
pub fn verify(secret: &str, timestamp: &str, signatures: &[String], body: &[u8], now: u64) -> bool {
    let Ok(sent) = timestamp.parse::<u64>() else { return false };
    if secret.is_empty() || now.abs_diff(sent) > TOLERANCE_SECONDS {
        return false;
    }
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    let mac = mac.chain_update(timestamp).chain_update(".").chain_update(body);
    let matches = |signature| hex::decode(signature).is_ok_and(|given| mac.clone().verify_slice(&given).is_ok());
    signatures.iter().any(matches)
}

// usage: WEBHOOK_SECRET=whsec_... verify <timestamp> <signature> [more signatures] < body
fn main() -> ExitCode {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = variable("VERIFY_NOW").parse().unwrap_or_else(|_| clock());
    let arguments: Vec<String> = std::env::args().collect();
    let mut body = Vec::new();
    let read = std::io::stdin().read_to_end(&mut body).is_ok();
    let verified = match &arguments[..] {
        [_, timestamp, signatures @ ..] if read => {
            verify(&variable("WEBHOOK_SECRET"), timestamp, signatures, &body, now)
        }
        _ => false,
    };
    println!("{}", if verified { "verified" } else { "refused" });
    ExitCode::from(u8::from(!verified))
}
