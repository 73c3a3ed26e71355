//! Slow readers and the end of the system, by a clock that goes on by itself.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use store::config::Environment;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::*;

const ANSWER: usize = 20_000;
/// What a connection takes at once.
const BUFFER: usize = 1_000;

fn gateway() -> Arc<Gateway> {
    Arc::new(gateway_with(Clock::system()))
}

fn gateway_with(clock: Clock) -> Gateway {
    let much = http_handler(|_| async { Response::new(Body::from(vec![b'a'; ANSWER])) });
    let short = http_handler(|_| async { Response::new(Body::from("ok")) });
    let routes = ["/api/webhook/workorder", "/api/events"].map(|path| Route::new("ANY", path, "short", short.clone()));
    let routes = Routes::new([Route::new("ANY", "/much", "much", much)].into_iter().chain(routes).collect());
    let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).build();
    let table = store::tables::RATE_WINDOWS;
    let environment = Environment::given(&sdk, [(table.variable.to_owned(), table.name.to_owned())]);
    let guard = Guard::from_environment(&environment).unwrap();
    Gateway::new(routes, clock, Arc::default(), Patience::default()).guarded_by(guard)
}

fn connect(gateway: &Arc<Gateway>, stop: &CancellationToken) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = duplex(BUFFER);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    (client, tokio::spawn(Arc::clone(gateway).connection(server, peer, stop.clone())))
}

async fn ask(client: &mut DuplexStream, method: &str) {
    client.write_all(format!("{method} /much HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// Takes a little of an answer, and waits a second.
async fn read_a_little(client: &mut DuplexStream) -> usize {
    let read = client.read(&mut [0; BUFFER]).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    read
}

/// Reads slowly until the other side closes.
async fn read_slowly(client: &mut DuplexStream) -> usize {
    let mut all = 0;
    loop {
        match read_a_little(client).await {
            0 => return all,
            read => all += read,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_makes_no_room_for_others() {
    let (gateway, stop) = (gateway(), CancellationToken::new());
    let (mut client, served) = connect(&gateway, &stop);
    ask(&mut client, "GET").await;
    let mut read = read_a_little(&mut client).await;
    assert!(!gateway.connections.close_longest_idle(), "the answer is not read");
    while read < ANSWER {
        read += read_a_little(&mut client).await;
    }
    assert!(gateway.connections.close_longest_idle(), "it is");
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_as_room_is_made_is_answered() {
    let (gateway, stop) = (gateway(), CancellationToken::new());
    let (mut client, served) = connect(&gateway, &stop);
    ask(&mut client, "GET").await;
    let first = read_a_little(&mut client).await;
    // The choice may have fallen on it just before the request.
    gateway.connections.close_all();
    assert!(first + read_slowly(&mut client).await > ANSWER);
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_to_its_end_when_the_system_stops() {
    let (gateway, stop) = (gateway(), CancellationToken::new());
    let (mut client, served) = connect(&gateway, &stop);
    ask(&mut client, "GET").await;
    let first = read_a_little(&mut client).await;
    stop.cancel();
    assert!(first + read_slowly(&mut client).await > ANSWER);
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_no_request_that_has_not_come() {
    let (gateway, stop) = (gateway(), CancellationToken::new());
    let (silent, silent_served) = connect(&gateway, &stop);
    let (mut half, half_served) = connect(&gateway, &stop);
    half.write_all(b"GET /much HTTP/1.1\r\nHost").await.unwrap();
    let (mut idle, idle_served) = connect(&gateway, &stop);
    ask(&mut idle, "HEAD").await;
    read_a_little(&mut idle).await;
    let stopped = Instant::now();
    stop.cancel();
    for served in [silent_served, half_served, idle_served] {
        served.await.unwrap();
    }
    assert!(stopped.elapsed() <= 2 * GRACE, "{:?}", stopped.elapsed());
    drop((silent, half, idle));
}

#[tokio::test(start_paused = true)]
async fn only_requests_that_raise_events_wait_for_the_dispatcher() {
    let clock = Clock::settable("2025-10-20T14:30:00Z".parse().unwrap());
    let backlog = Backlog::new(clock.clone());
    backlog.set(Some(clock.now() - Duration::from_millis(400)));
    let gateway = Arc::new(gateway_with(clock).paced_by(backlog));
    for (method, path, wait) in [
        ("POST", "/api/webhook/workorder", 300),
        ("POST", "/api/events", 300),
        ("GET", "/api/events", 0),
        ("POST", "/much", 0),
    ] {
        let (mut client, served) = connect(&gateway, &CancellationToken::new());
        let began = Instant::now();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nRateLimit: none\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        client.read_exact(&mut [0; 15]).await.unwrap();
        assert_eq!(began.elapsed().as_millis(), wait, "{method} {path}");
        drop(client);
        served.await.unwrap();
    }
}
