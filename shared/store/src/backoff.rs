//! Pauses between the tries of a call that meets others.

use std::time::Duration;

/// Waits before the try with this number, counted from 0: not at all before the first, then for a random time of up to
/// 20 ms that doubles with each further try, to at most 640 ms.
pub(crate) async fn pause_before(tries: u32) {
    if tries > 0 {
        let longest = f64::from(10 << tries.min(6));
        let pause = Duration::from_secs_f64(longest * domain::ids::random_fraction() / 1_000.0);
        tokio::time::sleep(pause).await;
    }
}
