//! One attempt to tell a subscriber over HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};
use tokio::time::timeout;

use super::super::{Carrier, Confirmations, Parcel, Told};
use super::body::body;
use super::failure::{broken, denied, failed, refused};
use super::headers::extra_headers;
use super::judge;
use super::keys::SigningKeys;
use super::options::WebhookOptions;
use super::signature::signatures;
use crate::config::EgressConfig;
use crate::egress::{Clients, Egress, to_port};
use crate::signature::Secret;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const ATTEMPT: HeaderName = HeaderName::from_static("webhook-attempt");
const MESSAGE_ID: HeaderName = HeaderName::from_static("webhook-message-id");
/// How long the rest of an answer is waited for whose status is known.
const REST: Duration = Duration::from_secs(1);

/// Gets tokens with the rights of whoever subscribed.
#[async_trait]
pub trait TrustTokens: Send + Sync {
    /// A token for a trust.
    ///
    /// # Errors
    /// There is none; the text says why, without secrets.
    async fn token(&self, trust_id: &str) -> Result<Secret, String>;
}

/// Tells subscribers with the schemes `http`, `https`, `trust+http` and `trust+https`.
pub struct Webhooks {
    egress: Arc<Egress>,
    clients: Clients,
    keys: SigningKeys,
    timeout: Duration,
    max_response_bytes: usize,
    confirmations: Confirmations,
    trusts: Option<Arc<dyn TrustTokens>>,
}

impl Webhooks {
    /// Tells subscribers through these clients and signs with these keys; asks them to confirm as `confirmations` says.
    pub fn new(
        egress: Arc<Egress>,
        clients: Clients,
        keys: SigningKeys,
        confirmations: Confirmations,
        config: &EgressConfig,
    ) -> Self {
        let (timeout, max_response_bytes) = (config.timeout, config.max_response_bytes);
        let trusts = None;
        Self { egress, clients, keys, timeout, max_response_bytes, confirmations, trusts }
    }

    /// Tells subscribers with `trust+` schemes, too.
    #[must_use]
    pub fn with_trusts(self, trusts: Arc<dyn TrustTokens>) -> Self {
        Self { trusts: Some(trusts), ..self }
    }

    async fn attempt(&self, parcel: &Parcel) -> Result<Told, Told> {
        let project = &parcel.queue.project;
        let subscriber = &parcel.subscription.subscriber;
        let url = self.egress.policy(project).check(subscriber).map_err(|error| denied(&error))?;
        let url = url.ok_or_else(|| refused("the subscriber is no URL of http or https"))?;
        let options = WebhookOptions::read(&parcel.subscription.options);
        let body = body(parcel, options.post_data.as_deref(), &self.confirmations);
        let body = body.map_err(|problem| refused(problem.to_string()))?;
        let headers = self.headers(parcel, &options, &body).await?;
        let port = url.port_or_known_default().unwrap_or_default();
        let response = to_port(port, Box::pin(self.send(project, url, headers, body))).await;
        let response = response.map_err(|error| broken(&error))?;
        let status = response.status();
        let told = Told {
            outcome: judge(status, response.headers(), parcel.now),
            status: Some(status.as_u16()),
            detail: format!("answered {}", status.as_u16()),
        };
        // Read to its end, so that the connection can be used again; what does not end soon is cut off.
        let _ = timeout(REST, self.drain(response)).await;
        Ok(told)
    }

    async fn headers(
        &self,
        parcel: &Parcel,
        options: &WebhookOptions,
        body: &Bytes,
    ) -> Result<HeaderMap, Told> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, JSON);
        if is_trusted(&parcel.subscription.subscriber) {
            headers.insert(TOKEN, self.token(options).await?);
        }
        let given = options.post_headers.iter();
        let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
        let extra = extra_headers(given)
            .map_err(|problem| refused(format!("post_headers must be {problem}")))?;
        headers.extend(extra);
        let id = parcel.delivery_id.to_string();
        let seconds = parcel.now.div_euclid(1000);
        let keys = options.signing.unwrap_or(self.keys.sign_all).then_some(&self.keys);
        if let Some(signed) = signatures(&options.secrets, keys, &id, seconds, body) {
            headers.insert(SIGNATURE, value(&signed));
        }
        headers.insert(ID, value(&id));
        headers.insert(TIMESTAMP, seconds.into());
        headers.insert(ATTEMPT, parcel.attempt.into());
        headers.insert(MESSAGE_ID, value(&parcel.message.id.to_string()));
        Ok(headers)
    }

    async fn token(&self, options: &WebhookOptions) -> Result<HeaderValue, Told> {
        let none = || failed("no token for the trust: the service has no identity service");
        let trusts = self.trusts.as_ref().ok_or_else(none)?;
        let id = options.trust_id.as_deref().ok_or_else(|| refused("the trust is not named"))?;
        let token = trusts.token(id).await;
        let token = token.map_err(|error| failed(format!("no token for the trust: {error}")))?;
        let unusable = |_| failed("no token for the trust: it cannot stand in a header");
        let mut token = HeaderValue::from_str(token.expose()).map_err(unusable)?;
        token.set_sensitive(true);
        Ok(token)
    }

    async fn send(
        &self,
        project: &str,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> reqwest::Result<Response> {
        self.clients.of(project).post(url).headers(headers).body(body).send().await
    }

    async fn drain(&self, mut response: Response) {
        let mut left = self.max_response_bytes;
        while let Ok(Some(chunk)) = response.chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    }
}

#[async_trait]
impl Carrier for Webhooks {
    async fn carry(&self, parcel: &Parcel) -> Told {
        match timeout(self.timeout, Box::pin(self.attempt(parcel))).await {
            Ok(Ok(told) | Err(told)) => told,
            Err(_) => failed("it took too long"),
        }
    }

    fn longest(&self) -> Duration {
        // It keeps its own time, and knows better what it waited for.
        self.timeout + REST
    }
}

fn is_trusted(subscriber: &str) -> bool {
    let scheme = subscriber.split(':').next().unwrap_or_default();
    scheme.to_ascii_lowercase().starts_with("trust+")
}

/// A value of printable ASCII, as all that the service makes are.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
