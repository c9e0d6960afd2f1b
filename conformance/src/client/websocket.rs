//! A WebSocket client that keeps answers and frames the server sends by itself apart.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rmpv::Value as Packed;
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::ClientError;

/// How many frames of the other sort are kept while waiting for one sort.
const MAX_WAITING: usize = 1024;

/// One open connection.
#[derive(Debug)]
pub struct WebSocketClient {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    answers: VecDeque<Frame>,
    pushes: VecDeque<Frame>,
    timeout: Duration,
}

/// The encoding of a frame: JSON in a text frame or MessagePack in a binary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Json,
    Msgpack,
}

/// A decoded frame of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub encoding: Encoding,
    pub message: Value,
}

impl WebSocketClient {
    /// Connects to a URL like `ws://127.0.0.1:9000/`. `timeout` bounds this and every later wait.
    pub async fn open(url: &str, timeout_of_waits: Duration) -> Result<Self, ClientError> {
        let opening = tokio_tungstenite::connect_async(url);
        let (stream, _) = within(timeout_of_waits, opening).await?.map_err(from_tungstenite)?;
        let (answers, pushes) = (VecDeque::new(), VecDeque::new());
        Ok(Self { stream, answers, pushes, timeout: timeout_of_waits })
    }

    /// Sends a JSON value in the given encoding.
    pub async fn send(&mut self, encoding: Encoding, message: &Value) -> Result<(), ClientError> {
        match encoding {
            Encoding::Json => self.send_text(message.to_string()).await,
            Encoding::Msgpack => {
                let bytes = rmp_serde::to_vec_named(message)
                    .map_err(|e| ClientError::WebSocket(e.to_string()))?;
                self.send_binary(bytes).await
            }
        }
    }

    /// Sends a text frame as it is.
    pub async fn send_text(&mut self, text: String) -> Result<(), ClientError> {
        self.send_frame(Message::text(text)).await
    }

    /// Sends a binary frame as it is.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<(), ClientError> {
        self.send_frame(Message::binary(bytes)).await
    }

    /// Waits for the next frame that has a member `request`.
    pub async fn answer(&mut self) -> Result<Frame, ClientError> {
        let wait = self.timeout;
        within(wait, self.next_of(true)).await?
    }

    /// Waits for the next frame without a member `request`.
    pub async fn push(&mut self) -> Result<Frame, ClientError> {
        let wait = self.timeout;
        within(wait, self.next_of(false)).await?
    }

    /// Closes the connection and waits until the server has closed its side, within the timeout.
    pub async fn close(mut self) {
        let wait = self.timeout;
        let closing = async {
            if self.stream.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        // The caller only wants the connection gone, and dropping it does that as well.
        let _ = timeout(wait, closing).await;
    }

    async fn send_frame(&mut self, frame: Message) -> Result<(), ClientError> {
        let wait = self.timeout;
        within(wait, self.stream.send(frame)).await?.map_err(from_tungstenite)
    }

    async fn next_of(&mut self, answers: bool) -> Result<Frame, ClientError> {
        loop {
            let waiting = if answers { &mut self.answers } else { &mut self.pushes };
            if let Some(frame) = waiting.pop_front() {
                return Ok(frame);
            }
            let frame = self.receive().await?;
            let queue = if frame.message.get("request").is_some() {
                &mut self.answers
            } else {
                &mut self.pushes
            };
            if queue.len() >= MAX_WAITING {
                return Err(ClientError::WebSocket("too many frames nobody asked for".to_owned()));
            }
            queue.push_back(frame);
        }
    }

    async fn receive(&mut self) -> Result<Frame, ClientError> {
        loop {
            match self.stream.next().await {
                None | Some(Ok(Message::Close(_))) => return Err(ClientError::Closed),
                Some(Ok(Message::Text(text))) => return decode_json(text.as_str()),
                Some(Ok(Message::Binary(bytes))) => return decode_msgpack(&bytes),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(from_tungstenite(error)),
            }
        }
    }
}

async fn within<T>(limit: Duration, wait: impl Future<Output = T>) -> Result<T, ClientError> {
    timeout(limit, wait).await.map_err(|_| ClientError::TimedOut(limit.as_millis()))
}

fn from_tungstenite(error: Error) -> ClientError {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => ClientError::Closed,
        Error::Io(error) => ClientError::Io(error),
        other => ClientError::WebSocket(other.to_string()),
    }
}

fn decode_json(text: &str) -> Result<Frame, ClientError> {
    let message = serde_json::from_str(text).map_err(|error| {
        ClientError::WebSocket(format!("a text frame is not JSON ({error}): {text}"))
    })?;
    Ok(Frame { encoding: Encoding::Json, message })
}

fn decode_msgpack(bytes: &[u8]) -> Result<Frame, ClientError> {
    let mut rest = bytes;
    let packed = rmpv::decode::read_value(&mut rest).map_err(|error| {
        ClientError::WebSocket(format!("a binary frame is not MessagePack ({error})"))
    })?;
    if !rest.is_empty() {
        return Err(ClientError::WebSocket(
            "a binary frame goes on after its MessagePack value".to_owned(),
        ));
    }
    Ok(Frame { encoding: Encoding::Msgpack, message: unpack(packed) })
}

/// Turns MessagePack into JSON. What JSON cannot say becomes an object with one member starting with `$`,
/// so that it never equals a plain value.
fn unpack(value: Packed) -> Value {
    match value {
        Packed::Nil => Value::Null,
        Packed::Boolean(flag) => Value::Bool(flag),
        Packed::Integer(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => Value::Null,
        },
        Packed::F32(number) => f64::from(number).into(),
        Packed::F64(number) => number.into(),
        Packed::String(text) => match text.into_str() {
            Some(text) => Value::String(text),
            None => oddity("$text", "not UTF-8".to_owned()),
        },
        Packed::Binary(bytes) => {
            oddity("$bytes", bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        }
        Packed::Array(items) => Value::Array(items.into_iter().map(unpack).collect()),
        Packed::Map(members) => {
            Value::Object(members.into_iter().map(unpack_member).collect::<Map<_, _>>())
        }
        Packed::Ext(kind, _) => oddity("$extension", kind.to_string()),
    }
}

fn unpack_member((key, value): (Packed, Packed)) -> (String, Value) {
    let key = match key.as_str() {
        Some(text) => text.to_owned(),
        None => format!("$key {key}"),
    };
    (key, unpack(value))
}

fn oddity(name: &str, text: String) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), Value::String(text))]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn msgpack_survives_the_way_there_and_back() {
        let message = json!({"a": [1, -2, 1.5, null, true, "é"], "big": u64::MAX});

        let bytes = rmp_serde::to_vec_named(&message).unwrap();

        assert_eq!(decode_msgpack(&bytes).unwrap(), Frame { encoding: Encoding::Msgpack, message });
    }

    #[test]
    fn bytes_never_equal_text() {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &Packed::Binary(b"a".to_vec())).unwrap();

        assert_eq!(decode_msgpack(&bytes).unwrap().message, json!({"$bytes": "61"}));
    }

    #[test]
    fn refuses_frames_with_something_after_the_value() {
        assert!(decode_msgpack(&[0xc0, 0xc0]).is_err());
        assert!(decode_msgpack(&[0x92, 0xc0]).is_err());
        assert!(decode_json("{} {}").is_err());
    }
}
