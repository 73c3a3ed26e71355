//! The memory that the dispatcher takes for one event: the same for ten thousand endpoints as for a thousand.
//!
//! ```sh
//! cargo bench -p tests --bench fan_out
//! ```
//!
//! What is counted is the heap of the whole process with the embedded services in it, less what stays behind: DynamoDB's
//! data lies on disk, but the queues' messages stay in the heap.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "its figures are its output")]

use peak_alloc::PeakAlloc;
use serde_json::json;
use tests::TestApp;
use tokio::runtime::Runtime;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const COUNTS: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    let runtime = Runtime::new().unwrap();
    for endpoints in COUNTS {
        let peak = runtime.block_on(peak(endpoints));
        println!("{endpoints:>6} endpoints: {peak:.1} MB at its peak");
    }
}

/// The megabytes that one event for so many endpoints takes while it is dispatched.
async fn peak(endpoints: usize) -> f32 {
    let data = tempfile::tempdir().unwrap();
    let app = TestApp::builder().data_dir(data.path()).start().await;
    app.endpoints("http://127.0.0.1:9/", endpoints).await;
    app.post("/api/webhook/workorder", json!({ "workOrderNumber": "WO-1", "title": "Test" })).await.expect(200);
    HEAP.reset_peak_usage();
    app.drain_stream().await;
    let peak = HEAP.peak_usage_as_mb() - HEAP.current_usage_as_mb();
    app.leave_work("the messages stay in the queue");
    peak
}
