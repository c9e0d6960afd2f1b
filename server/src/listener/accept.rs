//! Taking the next connection, whatever goes wrong.

use std::io::{ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where connections come from.
pub trait Acceptor: Send + 'static {
    /// One connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection and the address of its peer. Nothing is lost when the future
    /// is dropped.
    fn accept(&mut self) -> impl Future<Output = Result<(Self::Io, SocketAddr)>> + Send;
}

impl Acceptor for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
        Ok((stream, peer))
    }
}

/// Waits for the next connection. When the system has no place for more (no file descriptors, no
/// memory), pauses before trying again instead of spinning.
pub(super) async fn accept<A: Acceptor>(
    acceptor: &mut A,
    name: &'static str,
) -> (A::Io, SocketAddr) {
    let mut pause = FIRST_PAUSE;
    loop {
        match acceptor.accept().await {
            Ok(connection) => return connection,
            Err(error) if is_about_one_connection(error.kind()) => {}
            Err(error) => {
                tracing::warn!(listener = name, %error, "no connection can be accepted");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn is_about_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}
