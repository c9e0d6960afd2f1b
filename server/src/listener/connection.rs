//! Serving one connection until it is done, too slow, or told to close.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::BoxError;
use super::activity::Activity;
use super::io::{Place, Watched};
use super::settings::Settings;

/// How to serve one connection.
pub(super) struct Connection {
    pub(super) http: Arc<http1::Builder>,
    pub(super) settings: Settings,
    /// A token of this connection alone, so that looking at it contends with no other.
    pub(super) closing: CancellationToken,
}

impl Connection {
    /// Serves the requests of a connection, one after the other.
    pub(super) async fn serve<I, S, B>(self, io: I, place: Place, service: S)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let activity = Arc::new(Activity::new());
        let io = TokioIo::new(Watched::new(io, Arc::clone(&activity), place));
        let noted = Arc::clone(&activity);
        let service = service_fn(move |request: Request<Incoming>| {
            noted.is_busy(!request.body().is_end_stream());
            let answer = service.call(request);
            let noted = Arc::clone(&noted);
            async move {
                let Ok(answer) = answer.await;
                match answer.status() {
                    StatusCode::SWITCHING_PROTOCOLS => noted.is_upgraded(),
                    _ => noted.is_idle(),
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let mut connection = pin!(self.http.serve_connection(io, service).with_upgrades());
        let mut closing = pin!(self.closing.cancelled());
        let mut is_closing = false;
        let mut watch = pin!(sleep_until(Instant::now() + self.settings.header_read_timeout));

        let result = poll_fn(|cx| {
            if !is_closing && closing.as_mut().poll(cx).is_ready() {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(result.map_err(BoxError::from));
            }
            // The timer is moved only to an earlier time, or when it has run out.
            let deadline = activity.deadline(&self.settings);
            if let Some(deadline) = deadline.filter(|deadline| *deadline < watch.deadline()) {
                watch.as_mut().reset(deadline);
            }
            while watch.as_mut().poll(cx).is_ready() {
                let now = Instant::now();
                let next = deadline.unwrap_or_else(|| now + self.settings.header_read_timeout);
                if next <= now {
                    return Poll::Ready(Err(BoxError::from("the client took too long")));
                }
                watch.as_mut().reset(next);
            }
            Poll::Pending
        })
        .await;
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended");
        }
    }
}
