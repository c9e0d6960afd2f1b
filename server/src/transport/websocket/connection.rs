//! One WebSocket: frames in, replies out, in order.
//!
//! A call whose effect is one store command is only begun before the next frame is read: many of them fill one
//! group commit. Any other call runs alone. All replies that are ready go out with one flush.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, SinkExt, StreamExt};
use sukkal_spec::{Api, ApiError, Turn};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::actions::{Answer, Incoming, start};
use super::codec::{self, Encoding};
use super::envelope::{self, NoEnvelope};
use super::reply::{Reply, error};
use crate::config;
use crate::notification::follow::{Push, Socket};
use crate::transport::Service;

/// How long the peer may take to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// How many pushes go out before the connection looks at its input again.
const PUSHES: usize = 64;
/// The close code of a connection that does not keep up with what is pushed to it.
const TOO_SLOW: u16 = 4008;
/// How long such a connection may take to take the close frame, behind what was on its way.
const LATE_CLOSE_WAIT: Duration = Duration::from_secs(5);

/// The bounds of one socket, small on purpose: the library's defaults keep 128 KiB and more per connection.
pub(crate) fn protocol(config: &config::WebSocketConfig) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(16 << 10)
        .max_write_buffer_size(config.max_message_bytes.saturating_mul(4).saturating_add(1 << 20))
        .max_message_size(Some(config.max_message_bytes))
        .max_frame_size(Some(config.max_frame_bytes))
}

/// Serves one socket until it closes.
pub(crate) async fn serve<A, S>(service: Arc<Service<A>>, socket: WebSocketStream<S>)
where
    A: Api + 'static,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let every = service.config.websocket.ping_interval.unwrap_or(Duration::from_secs(86_400));
    let followers = service.followers.clone();
    let own = followers.connect();
    let mut connection = Connection {
        service,
        socket,
        own: Arc::clone(&own),
        encoding: Encoding::Json,
        joins: 0,
        prefers_input: false,
        under_way: FuturesOrdered::new(),
        next: Next::Read,
        every,
    };
    match connection.run().await {
        Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
        Err(_) if own.has_overrun() => connection.give_up().await,
        Err(cause) => {
            tracing::debug!(%cause, "websocket broke off");
            connection.fail(&cause).await;
        }
    }
    // A call under way may still subscribe.
    drop(connection);
    followers.release(&own).await;
}

/// What the connection may do next with its input.
enum Next {
    /// Read another frame.
    Read,
    /// Wait until the last call has taken its place.
    Wait(Turn),
    /// Begin this call once everything before it is answered: it runs alone.
    Hold(Answer, Encoding),
    /// Wait until the call that runs alone is answered.
    Alone(Encoding),
}

struct Connection<A: 'static, S> {
    service: Arc<Service<A>>,
    socket: WebSocketStream<S>,
    /// What is pushed to it.
    own: Arc<Socket>,
    /// How it is pushed: as the last call was sent that subscribed it.
    encoding: Encoding,
    /// How often it was subscribed when that was last looked at.
    joins: u64,
    /// Whether its input comes before what is pushed: they take turns.
    prefers_input: bool,
    under_way: FuturesOrdered<Answer>,
    next: Next,
    /// How often a quiet peer is asked whether it is there.
    every: Duration,
}

impl<A: Api + 'static, S: AsyncRead + AsyncWrite + Unpin> Connection<A, S> {
    async fn run(&mut self) -> Result<(), Error> {
        let most = self.service.config.websocket.max_in_flight.max(1);
        let mut pings = interval_at(Instant::now() + self.every, self.every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A token of this connection alone, so that looking at it contends with no other.
        let closing = self.service.shutdown.closing().child_token();
        let mut unanswered = 0_u8;
        let own = Arc::clone(&self.own);
        loop {
            // A peer that never stops sending would keep the last branch below from its turn.
            if closing.is_cancelled() {
                return self.close(CloseCode::Away, "the service stops").await;
            }
            self.advance();
            let reads = matches!(self.next, Next::Read) && self.under_way.len() < most;
            // The answer to a call that subscribes comes before what it leads to.
            let pushes = !matches!(self.next, Next::Alone(_));
            let (first, last) = (pushes && !self.prefers_input, pushes && self.prefers_input);
            let turn = if let Next::Wait(turn) = &self.next { Some(turn.clone()) } else { None };
            tokio::select! {
                biased;
                Some(reply) = self.under_way.next(), if !self.under_way.is_empty() => self.send(reply).await?,
                () = async { if let Some(turn) = &turn { turn.taken().await } }, if turn.is_some() => {
                    self.next = Next::Read;
                }
                () = own.filled(), if first => self.push_waiting().await?,
                frame = self.socket.next(), if reads => {
                    unanswered = 0;
                    self.prefers_input = false;
                    match frame {
                        None => return Ok(()),
                        Some(frame) => {
                            let frame = frame?;
                            if frame.is_close() {
                                // A peer that waits for the answer to its close frame finds its subscriptions gone.
                                self.service.followers.release(&self.own).await;
                            }
                            self.take(frame);
                        }
                    }
                }
                () = own.filled(), if last => self.push_waiting().await?,
                _ = pings.tick() => {
                    if unanswered == 2 {
                        return Ok(());
                    }
                    unanswered += 1;
                    taken(self.every, &self.own, self.socket.send(Message::Ping(Bytes::new()))).await?;
                }
                () = closing.cancelled() => return self.close(CloseCode::Away, "the service stops").await,
            }
        }
    }

    /// Goes on after everything under way is answered.
    fn advance(&mut self) {
        if self.under_way.is_empty() {
            self.next = match std::mem::replace(&mut self.next, Next::Read) {
                Next::Hold(answer, encoding) => {
                    self.under_way.push_back(answer);
                    Next::Alone(encoding)
                }
                _ => Next::Read,
            };
        }
    }

    /// Sends a reply and all others that are ready, then flushes once.
    async fn send(&mut self, reply: Reply) -> Result<(), Error> {
        if let Next::Alone(encoding) = self.next {
            let joins = self.own.joins();
            if std::mem::replace(&mut self.joins, joins) != joins {
                self.encoding = encoding;
            }
        }
        taken(self.every, &self.own, self.socket.feed(reply.frame)).await?;
        while let Some(Some(reply)) = self.under_way.next().now_or_never() {
            taken(self.every, &self.own, self.socket.feed(reply.frame)).await?;
        }
        taken(self.every, &self.own, self.socket.flush()).await
    }

    /// Sends some of what waits to be pushed, then flushes once.
    async fn push_waiting(&mut self) -> Result<(), Error> {
        self.prefers_input = true;
        if self.own.has_overrun() {
            return Err(Error::Io(ErrorKind::TimedOut.into()));
        }
        for push in self.own.take(PUSHES) {
            if let Some(frame) = pushed(&push, self.encoding) {
                taken(self.every, &self.own, self.socket.feed(frame)).await?;
            }
        }
        taken(self.every, &self.own, self.socket.flush()).await
    }

    fn take(&mut self, frame: Message) {
        let (text, encoding) = match frame {
            Message::Text(text) => (Ok(Bytes::from(text)), Encoding::Json),
            Message::Binary(bytes) => (codec::to_json(&bytes), Encoding::MessagePack),
            // Pings are answered by the protocol layer, closes end the stream.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return,
        };
        let unreadable = |problem: String| ApiError::FrameUnreadable {
            encoding: encoding.name().to_owned(),
            problem,
        };
        let read = text.map_err(|cause| unreadable(cause.to_string())).and_then(|text| {
            envelope::read(&text).map_err(|cause| match cause {
                NoEnvelope::Raw(cause) => unreadable(format!("JSONDecodeError: {cause}")),
                NoEnvelope::NoObject => ApiError::FrameNotAnObject,
            })
        });
        match read {
            Ok(envelope) => self.begin(Incoming {
                envelope,
                encoding,
                turn: Turn::waited(),
                address: Arc::clone(self.own.address()),
            }),
            Err(cause) => self.push(error(None, encoding, None, &cause)),
        }
    }

    /// Begins a call: polls it once, so that it takes its place before the next frame is looked at.
    fn begin(&mut self, incoming: Incoming) {
        let (turn, encoding) = (incoming.turn.clone(), incoming.encoding);
        let mut started = match start(&self.service, incoming) {
            Ok(started) => started,
            Err(reply) => return self.push(*reply),
        };
        if !started.pipelined {
            self.next = Next::Hold(started.answer, encoding);
            return;
        }
        match (&mut started.answer).now_or_never() {
            Some(reply) => self.push(reply),
            None => {
                self.under_way.push_back(started.answer);
                if !turn.is_taken() {
                    self.next = Next::Wait(turn);
                }
            }
        }
    }

    fn push(&mut self, reply: Reply) {
        self.under_way.push_back(Box::pin(std::future::ready(reply)));
    }

    /// Tells a peer that broke the protocol how, if it still listens (RFC 6455 §7.1.7).
    async fn fail(&mut self, cause: &Error) {
        let (code, reason) = match cause {
            Error::Capacity(_) => (CloseCode::Size, "the frame or message is too large"),
            Error::Protocol(_) => (CloseCode::Protocol, "the protocol was broken"),
            Error::Utf8(_) => (CloseCode::Invalid, "a text is not UTF-8"),
            _ => return,
        };
        let frame = CloseFrame { code, reason: reason.into() };
        // A peer that takes nothing any more is dropped.
        let _ = tokio::time::timeout(CLOSE_WAIT, self.socket.close(Some(frame))).await;
    }

    /// Tells a peer that did not keep up so, if it takes the frame at all.
    async fn give_up(&mut self) {
        let reason = "the connection does not keep up with its notifications";
        let frame = CloseFrame { code: TOO_SLOW.into(), reason: reason.into() };
        let closing = async {
            if self.socket.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        // A peer that takes nothing any more is dropped.
        let _ = tokio::time::timeout(LATE_CLOSE_WAIT, closing).await;
    }

    async fn close(&mut self, code: CloseCode, reason: &'static str) -> Result<(), Error> {
        while let Some(reply) = self.under_way.next().await {
            self.send(reply).await?;
        }
        self.socket.close(Some(CloseFrame { code, reason: reason.into() })).await?;
        let drained = async { while let Some(Ok(_)) = self.socket.next().await {} };
        // A peer that does not answer the close frame is dropped.
        let _ = tokio::time::timeout(CLOSE_WAIT, drained).await;
        Ok(())
    }
}

/// The frame of a push; nothing if it cannot be sent in this encoding.
fn pushed(push: &Push, encoding: Encoding) -> Option<Message> {
    match encoding {
        Encoding::Json => {
            let text = Utf8Bytes::try_from(push.text()?.clone()).ok()?;
            Some(Message::Text(text))
        }
        Encoding::MessagePack => {
            let packed = push.packed(|text| codec::from_json(text).ok())?;
            Some(Message::Binary(packed.clone()))
        }
    }
}

/// Gives up on a peer that takes nothing for as long as it could have left a ping unanswered, or until too much waits
/// to be pushed to it.
async fn taken(
    every: Duration,
    own: &Socket,
    sending: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let late = || Err(Error::Io(ErrorKind::TimedOut.into()));
    let bounded = tokio::time::timeout(every.saturating_mul(2), sending);
    tokio::select! {
        biased;
        sent = bounded => sent.unwrap_or_else(|_| late()),
        () = own.overrun() => late(),
    }
}
