//! The calls that the cases make, over one connection.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::link::{Answer, Link};

/// Longer than any case takes: what is claimed stays claimed.
const CLAIM_TTL: u32 = 43_200;

/// Why a call has no result; whether it took effect is unknown.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The server says that its store cannot do it now.
    Unavailable(#[expect(dead_code, reason = "shown when a case panics")] Answer),
    /// The connection broke.
    Broken(#[expect(dead_code, reason = "shown when a case panics")] std::io::Error),
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Failed>;

/// A message as listed or claimed; its body is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) number: u64,
}

/// A claim with its messages.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) id: String,
    pub(crate) messages: Vec<Message>,
}

/// The API over one connection.
pub(crate) struct Api(pub(crate) Link);

impl Api {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self(Link::open(address).await?))
    }

    /// Creates a queue.
    pub(crate) async fn create_queue(&mut self, queue: &str) -> Result<()> {
        self.call("PUT", &format!("/v2/queues/{queue}"), "{}", &[201, 204]).await.map(|_| ())
    }

    /// Asks for nothing.
    pub(crate) async fn ping(&mut self) -> Result<()> {
        self.call("GET", "/v2/ping", "", &[204]).await.map(|_| ())
    }

    /// Deletes a queue.
    pub(crate) async fn delete_queue(&mut self, queue: &str) -> Result<()> {
        self.call("DELETE", &format!("/v2/queues/{queue}"), "", &[204]).await.map(|_| ())
    }

    /// The names of all queues, in the order listed.
    pub(crate) async fn queues(&mut self) -> Result<Vec<String>> {
        self.pages("/v2/queues?limit=20", "queues", |queue| text(&queue["name"])).await
    }

    /// Posts one message per number and returns their ids.
    pub(crate) async fn post(&mut self, queue: &str, numbers: &[u64]) -> Result<Vec<String>> {
        let messages: Vec<Value> =
            numbers.iter().map(|number| json!({ "ttl": 86_400, "body": number })).collect();
        let body = json!({ "messages": messages }).to_string();
        let answer = self.call("POST", &path(queue, "messages"), &body, &[201]).await?;
        let resources = answer.json();
        let ids = resources["resources"].as_array().unwrap().iter();
        Ok(ids.map(|href| text(href).rsplit('/').next().unwrap().to_owned()).collect())
    }

    /// Claims up to so many messages; `None` if there are none.
    pub(crate) async fn claim(&mut self, queue: &str, limit: usize) -> Result<Option<Claim>> {
        let body = json!({ "ttl": CLAIM_TTL, "grace": 60 }).to_string();
        let path = path(queue, &format!("claims?limit={limit}"));
        let answer = self.call("POST", &path, &body, &[201, 204]).await?;
        if answer.status == 204 {
            return Ok(None);
        }
        let id = answer.header("location").unwrap().rsplit('/').next().unwrap().to_owned();
        let messages = answer.json()["messages"].as_array().unwrap().iter().map(message).collect();
        Ok(Some(Claim { id, messages }))
    }

    /// The messages that a claim still holds; none if there is no such claim.
    pub(crate) async fn claimed(&mut self, queue: &str, claim: &str) -> Result<Vec<Message>> {
        let path = path(queue, &format!("claims/{claim}"));
        let answer = self.call("GET", &path, "", &[200, 404]).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        Ok(answer.json()["messages"].as_array().unwrap().iter().map(message).collect())
    }

    /// Deletes a message, which a claim holds.
    pub(crate) async fn delete(&mut self, queue: &str, id: &str, claim: &str) -> Result<()> {
        let path = path(queue, &format!("messages/{id}?claim_id={claim}"));
        self.call("DELETE", &path, "", &[204]).await.map(|_| ())
    }

    /// Deletes a message that no claim holds.
    pub(crate) async fn delete_free(&mut self, queue: &str, id: &str) -> Result<()> {
        let path = path(queue, &format!("messages/{id}"));
        self.call("DELETE", &path, "", &[204]).await.map(|_| ())
    }

    /// All messages of a queue, the claimed ones too, oldest first.
    pub(crate) async fn messages(&mut self, queue: &str) -> Result<Vec<Message>> {
        let first = path(queue, "messages?limit=20&echo=true&include_claimed=true");
        self.pages(&first, "messages", message).await
    }

    /// The answer to a call, whatever it says.
    pub(crate) async fn answer(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.0.call(method, path, body).await.unwrap()
    }

    async fn pages<T>(
        &mut self,
        first: &str,
        name: &str,
        read: impl Fn(&Value) -> T,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut next = first.to_owned();
        loop {
            let page = self.call("GET", &next, "", &[200]).await?.json();
            let items = page[name].as_array().unwrap();
            if items.is_empty() {
                return Ok(found);
            }
            found.extend(items.iter().map(&read));
            let links = page["links"].as_array().unwrap();
            let Some(link) = links.iter().find(|link| link["rel"] == "next") else {
                return Ok(found);
            };
            next = text(&link["href"]);
        }
    }

    async fn call(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        expected: &[u16],
    ) -> Result<Answer> {
        let answer = self.0.call(method, path, body).await?;
        if answer.status == 503 {
            return Err(Failed::Unavailable(answer));
        }
        let status = answer.status;
        assert!(expected.contains(&status), "{method} {path}: {status} {}", answer.text());
        Ok(answer)
    }
}

fn path(queue: &str, rest: &str) -> String {
    format!("/v2/queues/{queue}/{rest}")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn message(value: &Value) -> Message {
    Message { id: text(&value["id"]), number: value["body"].as_u64().unwrap() }
}
