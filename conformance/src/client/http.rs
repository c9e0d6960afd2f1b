//! An HTTP/1.1 client with one connection per request and no header of its own but `Host` and
//! `Content-Length`.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ClientError;
use super::http1;

/// Sends requests to one server.
#[derive(Debug, Clone)]
pub struct HttpClient {
    authority: String,
    timeout: Duration,
}

/// A request, sent byte by byte as it stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: String,
    /// Path and query, already percent-encoded.
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// `None` sends neither a body nor a `Content-Length`. With a `Transfer-Encoding` it is sent as it is.
    pub body: Option<Vec<u8>>,
}

/// A complete reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpClient {
    /// Makes a client for a base URL like `http://127.0.0.1:8888`; a path in it is refused.
    pub fn new(base: &str, timeout: Duration) -> Result<Self, ClientError> {
        let refuse = |reason| ClientError::Url { url: base.to_owned(), reason };
        let rest =
            base.strip_prefix("http://").ok_or_else(|| refuse("it must start with http://"))?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return Err(refuse("it must be http://host:port and nothing more"));
        }
        Ok(Self { authority: authority.to_owned(), timeout })
    }

    /// Sends one request over a connection of its own and reads the whole reply.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpReply, ClientError> {
        let bytes = self.encode(request)?;
        match timeout(self.timeout, self.exchange(&bytes, request.method == "HEAD")).await {
            Ok(reply) => reply,
            Err(_) => Err(ClientError::TimedOut(self.timeout.as_millis())),
        }
    }

    async fn exchange(&self, bytes: &[u8], is_head: bool) -> Result<HttpReply, ClientError> {
        let mut stream = TcpStream::connect(self.address()).await?;
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = stream.split();
        // A server may answer and stop reading before it has seen the whole body.
        let sent = async {
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        let received = http1::read_reply(&mut reader, is_head);
        tokio::pin!(sent, received);
        tokio::select! {
            biased;
            reply = &mut received => reply,
            outcome = &mut sent => match (outcome, received.await) {
                (_, Ok(reply)) => Ok(reply),
                (Err(error), Err(_)) => Err(error.into()),
                (Ok(()), Err(error)) => Err(error),
            },
        }
    }

    fn address(&self) -> String {
        let has_port =
            self.authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        if has_port { self.authority.clone() } else { format!("{}:80", self.authority) }
    }

    fn encode(&self, request: &HttpRequest) -> Result<Vec<u8>, ClientError> {
        refuse_line_breaks("method", &request.method)?;
        refuse_line_breaks("path", &request.path)?;
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.path, self.authority);
        for (name, value) in &request.headers {
            refuse_line_breaks("header", name)?;
            refuse_line_breaks("header", value)?;
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let states_length = request.headers.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case("content-length")
                || name.eq_ignore_ascii_case("transfer-encoding")
        });
        if let (Some(body), false) = (&request.body, states_length) {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(request.body.as_deref().unwrap_or_default());
        Ok(bytes)
    }
}

impl HttpReply {
    /// All values of a header joined with `, `, or `None` if it is absent. `name` is in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

fn refuse_line_breaks(what: &'static str, text: &str) -> Result<(), ClientError> {
    if text.contains(['\r', '\n']) { Err(ClientError::LineBreak(what)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> HttpClient {
        HttpClient::new("http://127.0.0.1:8888/", Duration::from_secs(1)).unwrap()
    }

    fn request(headers: &[(&str, &str)], body: Option<&str>) -> HttpRequest {
        HttpRequest {
            method: "POST".to_owned(),
            path: "/v2/queues/a%2Fb?x=%0A".to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.map(|text| text.as_bytes().to_vec()),
        }
    }

    fn encoded(request: &HttpRequest) -> String {
        String::from_utf8(client().encode(request).unwrap()).unwrap()
    }

    #[test]
    fn adds_no_header_but_host_when_there_is_no_body() {
        let text = encoded(&request(&[("X-Roles", "admin")], None));

        assert_eq!(
            text,
            "POST /v2/queues/a%2Fb?x=%0A HTTP/1.1\r\nHost: 127.0.0.1:8888\r\nX-Roles: admin\r\n\r\n"
        );
    }

    #[test]
    fn sends_an_empty_body_with_its_length() {
        assert!(encoded(&request(&[], Some(""))).ends_with("Content-Length: 0\r\n\r\n"));
    }

    #[test]
    fn leaves_a_stated_content_length_alone() {
        let text = encoded(&request(&[("content-length", "bogus")], Some("abc")));

        assert!(text.ends_with("content-length: bogus\r\n\r\nabc"), "{text}");
    }

    #[test]
    fn refuses_line_breaks_in_headers() {
        let refused = client().encode(&request(&[("X-A", "b\r\nX-B: c")], None));

        assert!(matches!(refused, Err(ClientError::LineBreak("header"))));
    }

    #[test]
    fn refuses_base_urls_with_a_path_or_another_scheme() {
        for url in ["https://h:1", "http://h:1/v2", "http://", "h:1"] {
            assert!(HttpClient::new(url, Duration::from_secs(1)).is_err(), "{url}");
        }
    }
}
