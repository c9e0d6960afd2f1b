//! Closing so that the last answer arrives.
//!
//! A socket that is closed while bytes of the client are unread resets the connection, and the client
//! may lose the answer that told it why. So after the answer some of what still comes is thrown away.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a client may go on sending after its connection was closed.
const LONGEST: Duration = Duration::from_secs(1);
/// How many bytes are thrown away at most.
const MOST_BYTES: usize = 4 << 20;

/// Throws away what a client still sends.
pub(super) struct Linger {
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl Linger {
    pub(super) fn new() -> Self {
        Self { until: Box::pin(sleep(LONGEST)), left: MOST_BYTES }
    }

    /// Ready when the client has closed too, has sent too much, or takes too long.
    pub(super) fn poll<I: AsyncRead + Unpin>(
        &mut self,
        io: &mut I,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut scratch = [0; 4096];
        while self.left > 0 {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut *io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.left = self.left.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.until.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}
