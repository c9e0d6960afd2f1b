//! Reading one HTTP/1.1 reply from a stream, with bounded memory.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::{ClientError, HttpReply};

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;
const MAX_HEADERS: usize = 128;

enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// Reads the first final reply, skipping informational ones.
pub(super) async fn read_reply(
    stream: &mut (impl AsyncRead + Unpin),
    is_head: bool,
) -> Result<HttpReply, ClientError> {
    let mut input = Input { stream, bytes: Vec::new() };
    loop {
        let (status, headers) = input.head().await?;
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let body = match framing(status, &headers, is_head)? {
            Framing::Length(length) => input.take(length).await?,
            Framing::Chunked => input.chunks().await?,
            Framing::UntilClose => input.rest().await?,
        };
        return Ok(HttpReply { status, headers, body });
    }
}

type Headers = Vec<(String, String)>;

fn framing(status: u16, headers: &Headers, is_head: bool) -> Result<Framing, ClientError> {
    let value = |wanted: &str| {
        headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    if is_head || matches!(status, 101 | 204 | 304) {
        return Ok(Framing::Length(0));
    }
    if value("transfer-encoding")
        .is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"))
    {
        return Ok(Framing::Chunked);
    }
    match value("content-length") {
        None => Ok(Framing::UntilClose),
        Some(text) => match text.trim().parse::<usize>() {
            Ok(length) if length > MAX_BODY => Err(ClientError::TooLarge(MAX_BODY)),
            Ok(length) => Ok(Framing::Length(length)),
            Err(_) => Err(malformed("content-length is not a number")),
        },
    }
}

struct Input<'a, S> {
    stream: &'a mut S,
    bytes: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Input<'_, S> {
    async fn head(&mut self) -> Result<(u16, Headers), ClientError> {
        loop {
            if let Some((length, status, headers)) = parse_head(&self.bytes)? {
                self.bytes.drain(..length);
                return Ok((status, headers));
            }
            if self.bytes.len() > MAX_HEAD {
                return Err(ClientError::TooLarge(MAX_HEAD));
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>, ClientError> {
        while self.bytes.len() < length {
            self.more().await?;
        }
        Ok(self.bytes.drain(..length).collect())
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| malformed("bad chunk size"))?;
            if body.len().saturating_add(size) > MAX_BODY {
                return Err(ClientError::TooLarge(MAX_BODY));
            }
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size).await?);
            if !self.line().await?.is_empty() {
                return Err(malformed("a chunk does not end where it should"));
            }
        }
    }

    async fn line(&mut self) -> Result<String, ClientError> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.bytes.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).map_err(|_| malformed("a line is not text"));
            }
            if self.bytes.len() > MAX_HEAD {
                return Err(ClientError::TooLarge(MAX_HEAD));
            }
            self.more().await?;
        }
    }

    async fn rest(&mut self) -> Result<Vec<u8>, ClientError> {
        while self.bytes.len() <= MAX_BODY {
            if self.stream.read_buf(&mut self.bytes).await? == 0 {
                return Ok(std::mem::take(&mut self.bytes));
            }
        }
        Err(ClientError::TooLarge(MAX_BODY))
    }

    async fn more(&mut self) -> Result<(), ClientError> {
        match self.stream.read_buf(&mut self.bytes).await? {
            0 => Err(malformed("the connection ended inside the reply")),
            _ => Ok(()),
        }
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(usize, u16, Headers)>, ClientError> {
    let mut storage = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut storage);
    match head.parse(bytes).map_err(|error| malformed(&error.to_string()))? {
        httparse::Status::Partial => Ok(None),
        httparse::Status::Complete(length) => {
            let headers = head.headers.iter().map(|header| {
                (
                    header.name.to_ascii_lowercase(),
                    String::from_utf8_lossy(header.value).into_owned(),
                )
            });
            Ok(Some((length, head.code.unwrap_or_default(), headers.collect())))
        }
    }
}

fn malformed(reason: &str) -> ClientError {
    ClientError::MalformedReply(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &str, is_head: bool) -> Result<HttpReply, ClientError> {
        read_reply(&mut bytes.as_bytes(), is_head).await
    }

    #[tokio::test]
    async fn reads_a_body_of_the_stated_length() {
        let reply =
            read("HTTP/1.1 201 Created\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabcdef", false)
                .await
                .unwrap();

        assert_eq!((reply.status, reply.body.as_slice()), (201, b"abc".as_slice()));
        assert_eq!(reply.header("x-a").as_deref(), Some("b"));
    }

    #[tokio::test]
    async fn joins_chunks() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n";

        assert_eq!(read(text, false).await.unwrap().body, b"abcde");
    }

    #[tokio::test]
    async fn reads_until_the_end_without_a_length() {
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\nabc", false).await.unwrap().body, b"abc");
    }

    #[tokio::test]
    async fn expects_no_body_after_head_and_204() {
        let head = read("HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n", true).await.unwrap();
        let none = read("HTTP/1.1 204 No Content\r\n\r\n", false).await.unwrap();

        assert!(head.body.is_empty() && none.body.is_empty());
    }

    #[tokio::test]
    async fn skips_informational_replies() {
        let reply = read(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            false,
        );

        assert_eq!(reply.await.unwrap().status, 404);
    }

    #[tokio::test]
    async fn reports_broken_replies_instead_of_guessing() {
        let broken = [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
            "nonsense\r\n\r\n",
        ];
        for text in broken {
            assert!(read(text, false).await.is_err(), "{text:?}");
        }
    }
}
