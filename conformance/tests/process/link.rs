//! One HTTP connection that is kept, and sends whatever it is told.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one wait may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Every request is of this client.
pub(crate) const CLIENT: &str = "3381af92-2b9e-11e3-b191-71861300734c";

/// An open connection.
pub(crate) struct Link {
    pub(crate) stream: TcpStream,
    bytes: Vec<u8>,
}

/// An answer, complete.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header; `name` is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Link {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = within(TcpStream::connect(address)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, bytes: Vec::new() })
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        within(self.stream.write_all(bytes)).await
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let length = body.len();
        self.send((head(method, path, &format!("Content-Length: {length}\r\n")) + body).as_bytes())
            .await?;
        self.answer().await
    }

    /// Reads the next answer.
    pub(crate) async fn answer(&mut self) -> Result<Answer> {
        within(self.read_answer()).await
    }

    /// Reads until the server has closed the connection, and returns what came; a reset counts too.
    pub(crate) async fn rest(mut self) -> Result<Vec<u8>> {
        let rest = rest_of(&mut self.stream).await?;
        Ok([self.bytes, rest].concat())
    }

    /// Reads so many bytes, those included that came after the last answer.
    pub(crate) async fn read_exact(&mut self, wanted: usize) -> Result<Vec<u8>> {
        while self.bytes.len() < wanted {
            within(self.more()).await?;
        }
        Ok(self.bytes.drain(..wanted).collect())
    }

    async fn read_answer(&mut self) -> Result<Answer> {
        let (length, status, headers) = loop {
            if let Some(head) = parse(&self.bytes)? {
                break head;
            }
            self.more().await?;
        };
        self.bytes.drain(..length);
        let mut answer = Answer { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |text| text.parse().unwrap());
        while self.bytes.len() < length {
            self.more().await?;
        }
        answer.body = self.bytes.drain(..length).collect();
        Ok(answer)
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.bytes).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Reads until the server has closed the connection; a reset counts too.
pub(crate) async fn rest_of(mut stream: impl AsyncRead + Unpin) -> Result<Vec<u8>> {
    within(async {
        let mut bytes = Vec::new();
        while let Ok(1..) = stream.read_buf(&mut bytes).await {}
        Ok(bytes)
    })
    .await
}

/// A request line with the headers every call has, and those given, each with its line end.
pub(crate) fn head(method: &str, path: &str, headers: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nClient-ID: {CLIENT}\r\nX-Project-ID: process\r\n{headers}\r\n"
    )
}

type Head = (usize, u16, Vec<(String, String)>);

fn parse(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed =
        response.parse(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers =
        response.headers.iter().map(|each| (each.name.to_ascii_lowercase(), text(each.value)));
    Ok(Some((length, response.code.unwrap_or(0), headers.collect())))
}

async fn within<T>(wait: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}
