//! `GET /api/deliveries`: a page of fifty out of a thousand and out of a hundred thousand takes the same time.
//!
//! ```sh
//! cargo bench -p tests --bench lists
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tests::TestApp;
use tokio::runtime::Runtime;

const COUNTS: [usize; 2] = [1_000, 100_000];
const ENDPOINTS: usize = 10;

fn lists(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let apps = COUNTS.map(|count| {
        runtime.block_on(async {
            let app = TestApp::start().await;
            let endpoints = app.endpoints("http://127.0.0.1:9/", ENDPOINTS).await;
            app.make_deliveries(&endpoints, count).await;
            let middle = app.now() - jiff::SignedDuration::from_secs(i64::try_from(count / 2).unwrap());
            (count, app, endpoints, middle)
        })
    });
    for list in ["newest", "of an endpoint", "from the middle on", "by status"] {
        let mut group = criterion.benchmark_group(list);
        for (count, app, endpoints, middle) in &apps {
            let query = match list {
                "newest" => String::new(),
                "of an endpoint" => format!("&endpointId={}", endpoints[0]),
                "from the middle on" => format!("&until={middle}"),
                _ => "&status=delivered".to_owned(),
            };
            let path = format!("/api/deliveries?limit=50{query}");
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher.to_async(&runtime).iter(async || {
                    let page = app.get(&path).await.expect(200);
                    assert_eq!(page.body["data"].as_array().unwrap().len(), 50);
                });
            });
        }
    }
}

criterion_group!(benches, lists);
criterion_main!(benches);
