//! Sealing under the embedded KMS.

use local::Clock;
use local::embedded::Embedded;
use local::embedded::dynamodb::DynamoDb;
use local::embedded::kms::{Kms, MAC_KEY_ID, SEAL_KEY_ID};
use local::embedded::sns::Sns;
use local::embedded::sqs::Sqs;
use store::aws::Lazy;
use store::seal::Sealer;

fn sealer(key: u8) -> Sealer {
    let kms = Kms::new([key; 32]);
    let sdk = Embedded::new(DynamoDb::memory().unwrap(), Sqs::new(Clock::system()), Sns::default(), kms).sdk_config();
    Sealer::new(Lazy::new(&sdk, aws_sdk_kms::Client::new), SEAL_KEY_ID.to_owned(), MAC_KEY_ID.to_owned())
}

#[tokio::test]
async fn a_sealed_value_opens_only_in_its_context_and_undamaged() {
    let sealer = sealer(7);
    let envelope = sealer.seal(b"whsec_x", "acc_1#ep_1").await.unwrap();
    assert_eq!(sealer.open(&envelope, "acc_1#ep_1").await.unwrap(), b"whsec_x");
    assert!(sealer.open(&envelope, "acc_2#ep_1").await.is_err());
    assert!(self::sealer(8).open(&envelope, "acc_1#ep_1").await.is_err());
    let damaged = format!("{}AA", &envelope[..envelope.len() - 2]);
    assert!(damaged == envelope || sealer.open(&damaged, "acc_1#ep_1").await.is_err());
    assert_ne!(envelope, sealer.seal(b"whsec_x", "acc_1#ep_1").await.unwrap(), "a fresh key each time");
}

#[tokio::test]
async fn a_fingerprint_depends_on_value_key_and_context() {
    let sealer = sealer(7);
    let one = sealer.fingerprint(b"12-3456789", "acc_1").await.unwrap();
    assert_eq!(one, sealer.fingerprint(b"12-3456789", "acc_1").await.unwrap());
    assert_ne!(one, sealer.fingerprint(b"12-3456789", "acc_2").await.unwrap());
    assert_ne!(one, self::sealer(8).fingerprint(b"12-3456789", "acc_1").await.unwrap());
}
