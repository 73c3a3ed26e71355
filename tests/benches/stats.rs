//! `GET /api/stats?hours=168` of an account with a thousand deliveries and with two hundred thousand, spread over the week:
//! walked through, as before the sweeper has counted them, and from their sums.
//!
//! ```sh
//! cargo bench -p tests --bench stats
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jiff::SignedDuration;
use tests::TestApp;
use tokio::runtime::Runtime;

const COUNTS: [usize; 2] = [1_000, 200_000];
const ENDPOINTS: usize = 10;
const WEEK: SignedDuration = SignedDuration::from_hours(167);

fn stats(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("a week");
    group.sample_size(10);
    for count in COUNTS {
        let app = runtime.block_on(async {
            let app = TestApp::start().await;
            let endpoints = app.endpoints("http://127.0.0.1:9/", ENDPOINTS).await;
            app.make_deliveries_over(&endpoints, count, WEEK).await;
            app
        });
        for how in ["walked", "from sums"] {
            if how == "from sums" {
                runtime.block_on(app.count_deliveries_since(app.now() - WEEK));
            }
            group.bench_function(BenchmarkId::new(how, count), |bencher| {
                bencher.to_async(&runtime).iter(async || {
                    let stats = app.get("/api/stats?hours=168").await.expect(200).body;
                    let counted: u64 =
                        stats["hours"].as_array().unwrap().iter().filter_map(|hour| hour["delivered"].as_u64()).sum();
                    let all = u64::try_from(count).unwrap();
                    assert_eq!(counted, if how == "walked" { all.min(10_000) } else { all });
                });
            });
        }
    }
}

criterion_group!(benches, stats);
criterion_main!(benches);
