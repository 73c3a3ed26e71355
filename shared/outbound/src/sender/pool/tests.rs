//! Who gets which connection, by a clock that stands still: the receivers are in this process.

use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Response, body::Bytes, server};
use hyper_util::rt::TokioIo;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::sender::connection::handshake;

const SERVER: &str = "https://receiver.example";

/// A connection to a receiver that would answer.
async fn connection() -> Connection {
    let (client, other) = tokio::io::duplex(1_024);
    let answer = service_fn(async |_| hyper::Result::Ok(Response::new(Full::<Bytes>::default())));
    tokio::spawn(server::conn::http1::Builder::new().serve_connection(TokioIo::new(other), answer));
    let Ok(mut connection) = handshake(client).await else { panic!("it can't be refused") };
    assert!(connection.is_reusable().await);
    connection
}

/// As many places as there are without a wait.
async fn crowd(pool: &Pool) -> Vec<Place> {
    let mut places = Vec::new();
    for _ in 0..UNHURRIED {
        let before = Instant::now();
        let (place, kept) = pool.place(SERVER).await;
        assert!(kept.is_none() && before.elapsed().is_zero());
        places.push(place);
    }
    places
}

/// One more attempt, which has come to wait.
async fn another(pool: &Pool) -> JoinHandle<Grant> {
    let pool = pool.clone();
    let waiting = tokio::spawn(async move { pool.place(SERVER).await });
    yield_now().await;
    assert!(!waiting.is_finished());
    waiting
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_free_goes_to_who_has_waited_longest() {
    let pool = Pool::default();
    let mut places = crowd(&pool).await;
    let (first, second) = (another(&pool).await, another(&pool).await);
    places.pop().unwrap().keep(connection().await);
    let (place, kept) = first.await.unwrap();
    assert!(kept.is_some() && !second.is_finished());
    drop((place, kept));
    let (place, kept) = second.await.unwrap();
    assert!(kept.is_none(), "the first has broken its connection, and the place is free");
    place.keep(connection().await);
    assert!(pool.place(SERVER).await.1.is_some(), "nobody waited for the last one");
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_opens_another() {
    let pool = Pool::default();
    let places = crowd(&pool).await;
    let before = Instant::now();
    let (place, kept) = pool.place(SERVER).await;
    assert!(kept.is_none());
    assert_eq!(before.elapsed().as_millis(), WAIT.0.as_millis());
    let elsewhere = pool.place("https://other.example").await;
    assert_eq!(before.elapsed().as_millis(), WAIT.0.as_millis(), "others are not held up");
    drop((places, place, elsewhere));
    assert!(lock(&pool.0).by_name.values().all(|server| server.taken == 0), "all places are free again");
}

#[tokio::test(start_paused = true)]
async fn connections_are_opened_a_few_at_a_time() {
    let pool = Pool::default();
    let _places = crowd(&pool).await;
    let mut opening = Vec::new();
    for _ in 0..OPENING {
        opening.push(pool.place(SERVER).await.0);
    }
    let (next, last) = (another(&pool).await, another(&pool).await);
    sleep(2 * WAIT.1).await;
    assert!(!next.is_finished());
    opening[0].begin();
    assert!(next.await.unwrap().1.is_none(), "one has been opened");
    drop(opening.pop());
    assert!(last.await.unwrap().1.is_none(), "another has failed");

    opening.clear();
    for _ in 0..OPENING {
        opening.push(pool.place(SERVER).await.0);
    }
    let before = Instant::now();
    opening.push(pool.place(SERVER).await.0);
    let waited = before.elapsed().saturating_sub(WAIT.0 + OPENING_WAIT);
    assert!(waited < Duration::from_millis(5), "and none waits for ever: {waited:?} more");
}

#[tokio::test(start_paused = true)]
async fn slow_answers_are_not_waited_for() {
    let pool = Pool::default();
    let mut places = crowd(&pool).await;
    tokio::time::advance(Duration::from_secs(29)).await;
    places.pop().unwrap().keep(connection().await);
    let before = Instant::now();
    let (_kept, _fresh) = (pool.place(SERVER).await, pool.place(SERVER).await);
    assert!(before.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_cut_off_takes_no_place_with_it() {
    let pool = Pool::default();
    let mut places = crowd(&pool).await;
    let (gone, granted) = (another(&pool).await, another(&pool).await);
    gone.abort();
    assert!(gone.await.is_err());
    places.pop().unwrap().keep(connection().await);
    // It has been given the connection, and is cut off before it takes it.
    granted.abort();
    assert!(granted.await.is_err());
    drop(places);
    assert_eq!(lock(&pool.0).by_name.get(SERVER).unwrap().taken, 0);
}

#[tokio::test(start_paused = true)]
async fn servers_that_nobody_uses_are_forgotten() {
    let pool = Pool::default();
    for place in crowd(&pool).await {
        place.keep(connection().await);
    }
    sleep(IDLE_TIMEOUT + 2 * SWEEP_PAUSE).await;
    assert!(lock(&pool.0).by_name.is_empty());
    assert!(pool.place(SERVER).await.1.is_none());
}

#[test]
fn the_wait_follows_the_answers() {
    let millis = Duration::from_millis;
    for (answers, wait) in [(None, 10), (Some(1), 10), (Some(8), 16), (Some(25), 50), (Some(26), 0), (Some(5_000), 0)] {
        assert_eq!(patience(answers.map(millis)), millis(wait), "{answers:?}");
    }
}
