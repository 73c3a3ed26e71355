//! Pauses between the tries of a call that meets others.

use std::time::Duration;

use crate::StoreError;

/// How often [`patiently`] calls: with the pauses, for some five minutes.
const PATIENT_TRIES: u32 = 120;
/// The longest pause of [`patiently`].
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Waits before the try with this number, counted from 0: not at all before the first, then for a random time of up to
/// 20 ms that doubles with each further try, to at most 640 ms.
pub(crate) async fn pause_before(tries: u32) {
    if tries > 0 {
        let longest = f64::from(10 << tries.min(6));
        let pause = Duration::from_secs_f64(longest * domain::ids::random_fraction() / 1_000.0);
        tokio::time::sleep(pause).await;
    }
}

/// Makes a call until DynamoDB has room for it: for work that may take its time, such as an erasure, beside an account's own
/// traffic. A call that is made again goes on with what was left out.
///
/// # Errors
/// The call's, when it is another than a throttle or comes for five minutes.
pub(crate) async fn patiently<T>(mut call: impl AsyncFnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut tries = 0;
    loop {
        match call().await {
            Err(error) if error.is_throttle() && tries < PATIENT_TRIES => tries += 1,
            outcome => return outcome,
        }
        let longest = LONGEST_PAUSE.min(Duration::from_millis(20 << tries.min(10)));
        tokio::time::sleep(longest.mul_f64(domain::ids::random_fraction())).await;
    }
}
