//! A connection that fails when the client does not read what it is sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream that fails when the other side does not read what was written within `patience`. The time runs from the
/// moment at which a write has to wait, until everything is flushed; then `taken` is called.
pub(super) struct Patient<S, F> {
    stream: S,
    patience: Duration,
    taken: F,
    /// Whether anything was written since the last flush.
    written: bool,
    /// Set while something waits to be read.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S, F> Patient<S, F> {
    pub(super) fn new(stream: S, patience: Duration, taken: F) -> Self {
        Self { stream, patience, taken, written: false, deadline: None }
    }

    /// `Pending` until the deadline, then a failure.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        deadline.as_mut().poll(cx).map(|()| io::Error::new(io::ErrorKind::TimedOut, "the answer is not read"))
    }
}

impl<S: AsyncRead + Unpin, F: Unpin> AsyncRead for Patient<S, F> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin, F: Fn() + Unpin> AsyncWrite for Patient<S, F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending => self.wait(cx).map(Err),
            written @ Poll::Ready(_) => {
                self.written = true;
                written
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, slices) {
            Poll::Pending => self.wait(cx).map(Err),
            written @ Poll::Ready(_) => {
                self.written = true;
                written
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called after the last write of an answer.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Pending => self.wait(cx).map(Err),
            Poll::Ready(flushed) => {
                self.deadline = None;
                if flushed.is_ok() && std::mem::take(&mut self.written) {
                    (self.taken)();
                }
                Poll::Ready(flushed)
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_cut_off() {
        let (_other, stream) = duplex(4);
        let mut stream = Patient::new(stream, PATIENCE, || ());
        assert_eq!(stream.write_all(b"12345").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_too_slowly_is_cut_off() {
        let (mut other, stream) = duplex(4);
        tokio::spawn(async move {
            while other.read_u8().await.is_ok() {
                sleep(PATIENCE / 4).await;
            }
        });
        let mut stream = Patient::new(stream, PATIENCE, || ());
        assert_eq!(stream.write_all(&[0; 100]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn every_answer_has_its_own_time() {
        let (mut other, stream) = duplex(4);
        tokio::spawn(async move {
            while other.read_u8().await.is_ok() {
                sleep(PATIENCE / 10).await;
            }
        });
        let answers = Cell::new(0);
        let mut stream = Patient::new(stream, PATIENCE, || answers.set(answers.get() + 1));
        for answer in 0..5 {
            stream.write_all(&[0; 8]).await.unwrap();
            assert_eq!(answers.get(), answer, "it is not all taken yet");
            stream.flush().await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(answers.get(), answer + 1);
        }
    }
}
