//! Playing one scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::{Answer, body_of, choose};
use super::compare::Difference;
use super::exchange::{Action, FrameForm, FrameSent, HttpSent, Recorded};
use super::hook::HookServer;
use super::options::Options;
use super::report::{ExchangeReport, Outcome};
use super::template::{Bindings, Unbound};
use super::vectors::Scenario;
use super::{pools, wall_time};
use crate::client::{ClientError, Frame, HttpClient, HttpReply, HttpRequest, WebSocketClient};

const AN_HOUR: Duration = Duration::from_secs(3600);

struct Player<'a> {
    options: &'a Options,
    http: HttpClient,
    bindings: Bindings,
    connections: BTreeMap<String, WebSocketClient>,
    hook: Option<HookServer>,
}

/// What came of sending a request: something to compare, or the outcome already.
type Obtained<T> = Result<T, Stop>;

enum Stop {
    Unbound(Unbound),
    NoAnswer(String),
}

/// Plays all exchanges in order with a new project.
pub(super) async fn play(options: &Options, scenario: &Scenario) -> Vec<ExchangeReport> {
    let project = format!("conformance-{}", uuid::Uuid::new_v4().simple());
    let outcomes = match prepare(options, scenario, &project).await {
        Ok(mut player) => {
            let outcomes = player.play_all(scenario).await;
            if uses_pools(scenario) {
                // What is left over shows as the reason why the next such scenario is not played.
                let _ = pools::remove_created(&player.http, &project, &scenario.exchanges).await;
            }
            outcomes
        }
        Err(reason) => scenario
            .exchanges
            .iter()
            .map(|_| Outcome::NotPlayed { reason: reason.clone() })
            .collect(),
    };
    scenario
        .exchanges
        .iter()
        .zip(outcomes)
        .map(|(exchange, outcome)| report(exchange, outcome))
        .collect()
}

/// Whether a scenario changes things of the whole deployment.
pub(super) fn uses_pools(scenario: &Scenario) -> bool {
    scenario.exchanges.iter().any(|exchange| exchange.profile == "pooled")
}

fn report(exchange: &super::exchange::Exchange, outcome: Outcome) -> ExchangeReport {
    ExchangeReport {
        id: exchange.id.clone(),
        group: exchange.group.clone(),
        profile: exchange.profile.clone(),
        scenario: exchange.scenario.clone(),
        kind: exchange.action.kind(),
        outcome,
    }
}

async fn prepare<'a>(
    options: &'a Options,
    scenario: &Scenario,
    project: &str,
) -> Result<Player<'a>, String> {
    let http =
        HttpClient::new(&options.http, options.timeout).map_err(|error| error.to_string())?;
    let needs = |test: fn(&Action) -> bool| {
        scenario.exchanges.iter().any(|exchange| test(&exchange.action))
    };
    if options.websocket.is_none() && needs(Action::is_websocket) {
        return Err("needs the URL of the WebSocket API".to_owned());
    }
    if uses_pools(scenario) {
        pools::check_none_exist(&http, project).await?;
    }
    let mut bindings = Bindings::default();
    bindings.set("project", project);
    let (past, future) = (options.now.checked_sub(AN_HOUR), options.now.checked_add(AN_HOUR));
    bindings.set("past", wall_time::write(past.unwrap_or(options.now)));
    bindings.set("future", wall_time::write(future.unwrap_or(options.now)));
    for (at, uri) in options.pool_uris.iter().enumerate() {
        bindings.set(&format!("pool_uri{}", at + 1), uri);
    }
    let mut hook = None;
    if needs(|action| matches!(action, Action::Hook(_))) {
        let server = HookServer::start()
            .await
            .map_err(|error| format!("cannot listen for hooks: {error}"))?;
        bindings.set("hook", server.base());
        hook = Some(server);
    }
    Ok(Player { options, http, bindings, connections: BTreeMap::new(), hook })
}

impl Player<'_> {
    async fn play_all(&mut self, scenario: &Scenario) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(scenario.exchanges.len());
        for exchange in &scenario.exchanges {
            outcomes.push(Box::pin(self.play(&exchange.action)).await);
        }
        outcomes
    }

    async fn play(&mut self, action: &Action) -> Outcome {
        match action {
            Action::Http(recorded) => {
                let got = self.send_http(&recorded.request).await;
                self.judge(recorded, got, show_reply)
            }
            Action::Ws(recorded) => {
                let got = self.send_frame(&recorded.request).await;
                self.judge(recorded, got, show_frame)
            }
            Action::WsPush(recorded) => {
                let got = self.await_push(&recorded.request.connection).await;
                self.judge(recorded, got, show_frame)
            }
            Action::Hook(recorded) => {
                let got = self.await_hook(&recorded.request.url).await;
                self.judge(recorded, got, |delivery| {
                    json!({"content-type": delivery.content_type, "body": body_of(&delivery.body)})
                })
            }
            Action::WsOpen { request } => match self.connection(&request.connection).await {
                Ok(_) => passed(),
                Err(error) => failed(error.to_string(), Value::Null, Value::Null),
            },
            Action::WsClose { request } => {
                if let Some(connection) = self.connections.remove(&request.connection) {
                    connection.close().await;
                }
                passed()
            }
        }
    }

    fn judge<Q, A: Answer>(
        &mut self,
        recorded: &Recorded<Q, A>,
        got: Obtained<A::Got>,
        show: impl Fn(&A::Got) -> Value,
    ) -> Outcome {
        let expected = || serde_json::to_value(&recorded.response).unwrap_or_default();
        match got {
            Err(Stop::Unbound(Unbound(name))) => {
                Outcome::NotPlayed { reason: format!("needs {name}") }
            }
            Err(Stop::NoAnswer(reason)) => failed(reason, expected(), Value::Null),
            Ok(got) => match choose(recorded, &got, &self.bindings) {
                Err(difference) => failed(sentence(&difference), expected(), show(&got)),
                Ok(equal) => {
                    self.bindings = equal.comparison.bindings;
                    Outcome::Passed {
                        alternative: equal.alternative,
                        texts: equal.comparison.texts,
                    }
                }
            },
        }
    }

    async fn send_http(&self, sent: &HttpSent) -> Obtained<HttpReply> {
        let fill = |text: &str| self.bindings.fill(text).map_err(Stop::Unbound);
        let mut headers = Vec::new();
        for (name, value) in &sent.headers {
            headers.push((name.clone(), fill(value)?));
        }
        let body = match (&sent.body, &sent.body_fill) {
            (_, Some(long)) => {
                let middle = long.character.to_string().repeat(long.count);
                Some([fill(&long.prefix)?, middle, fill(&long.suffix)?].concat())
            }
            (Some(text), None) => Some(fill(text)?),
            (None, None) => None,
        };
        let request = HttpRequest {
            method: sent.method.clone(),
            path: fill(&sent.path)?,
            headers,
            body: body.map(String::into_bytes),
        };
        self.http.send(&request).await.map_err(no_answer)
    }

    async fn send_frame(&mut self, sent: &FrameSent) -> Obtained<Frame> {
        let message = match &sent.message {
            Some(message) => self.bindings.fill_value(message).map_err(Stop::Unbound)?,
            None => Value::Null,
        };
        let raw =
            self.bindings.fill(sent.raw.as_deref().unwrap_or_default()).map_err(Stop::Unbound)?;
        let connection = self.connection(&sent.connection).await.map_err(no_answer)?;
        let sending = match sent.encoding {
            FrameForm::Json => connection.send(crate::client::Encoding::Json, &message).await,
            FrameForm::Msgpack => connection.send(crate::client::Encoding::Msgpack, &message).await,
            FrameForm::Text => connection.send_text(raw).await,
            FrameForm::Binary => {
                let bytes = bytes_of_hex(&raw).ok_or_else(|| {
                    Stop::NoAnswer("the recorded frame is not hexadecimal".to_owned())
                })?;
                connection.send_binary(bytes).await
            }
        };
        sending.map_err(no_answer)?;
        connection.answer().await.map_err(no_answer)
    }

    async fn await_push(&mut self, name: &str) -> Obtained<Frame> {
        self.connection(name).await.map_err(no_answer)?.push().await.map_err(no_answer)
    }

    async fn await_hook(&mut self, url: &str) -> Obtained<super::hook::Delivery> {
        let url = self.bindings.fill(url).map_err(Stop::Unbound)?;
        let limit = self.options.timeout;
        let delivery = match &mut self.hook {
            Some(hook) => hook.next(&url, limit).await,
            None => None,
        };
        delivery.ok_or_else(|| {
            Stop::NoAnswer(format!("nothing was POSTed to {url} within {} ms", limit.as_millis()))
        })
    }

    async fn connection(&mut self, name: &str) -> Result<&mut WebSocketClient, ClientError> {
        use std::collections::btree_map::Entry;
        match self.connections.entry(name.to_owned()) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let url = self.options.websocket.as_deref().unwrap_or_default();
                Ok(entry.insert(WebSocketClient::open(url, self.options.timeout).await?))
            }
        }
    }
}

fn passed() -> Outcome {
    Outcome::Passed { alternative: None, texts: super::compare::Texts::default() }
}

fn failed(reason: String, expected: Value, got: Value) -> Outcome {
    Outcome::Failed { reason, expected, got }
}

fn no_answer(error: ClientError) -> Stop {
    Stop::NoAnswer(error.to_string())
}

fn sentence(difference: &Difference) -> String {
    let Difference { place, expected, got } = difference;
    format!("{place}: expected {}, got {}", shorten(expected), shorten(got))
}

fn shorten(value: &Value) -> String {
    const LONGEST: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn show_reply(reply: &HttpReply) -> Value {
    let headers: serde_json::Map<String, Value> =
        reply.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({"status": reply.status, "headers": headers, "body": body_of(&reply.body)})
}

fn show_frame(frame: &Frame) -> Value {
    json!({"encoding": frame.encoding, "message": frame.message})
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
