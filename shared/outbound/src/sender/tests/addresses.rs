//! Which addresses are reached: of public ones only, looked at on the connection that is used.

use super::*;

/// A sender as in AWS, whose resolver gives these answers.
fn guarded(answers: &[&[&str]]) -> Sender {
    let directory = Scripted::answering(answers);
    Sender::new(SenderOptions { allow_private: false, directory, ..options() }).unwrap()
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_before_anything_is_sent() {
    let (listener, address) = listen().await;
    let port = address.port();
    let strict = guarded(&[&["127.0.0.1"]]);
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://localhost:{port}/"),
        format!("http://example.com:{port}/"),
        format!("https://hooks.example.com:{port}/"),
    ] {
        let answer = send(&strict, &url).await;
        assert_eq!((answer.status_code, answer.error), (None, Some(AttemptError::ForbiddenAddress)), "{url}");
    }
    let mixed = guarded(&[&["8.8.8.8", "10.0.0.1"]]);
    assert_eq!(send(&mixed, "https://mixed.example/").await.error, Some(AttemptError::ForbiddenAddress));
    assert_eq!(mixed.resolve_and_check("https://mixed.example/").await, Err(UrlDefect::ForbiddenAddress));
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody connected");
}

#[tokio::test]
async fn a_name_that_changes_its_address_after_registration_gains_nothing() {
    let (listener, address) = listen().await;
    let url = format!("https://rebinding.example:{}/", address.port());
    let sender = guarded(&[&["8.8.8.8"], &["127.0.0.1"]]);
    assert!(sender.resolve_and_check(&url).await.is_ok());
    assert_eq!(send(&sender, &url).await.error, Some(AttemptError::ForbiddenAddress));
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody connected");
}
