//! Asking subscribers whether they agree: who must, and what they are sent so that they can.

mod binding;
mod request;
mod settings;
mod unsubscribing;

use sukkal_storage::{EntryKind, Kind, QueueKey, Subscription, SubscriptionId};

use super::Parcel;
use crate::signature::{NotSigned, Signatures, Wanted};

pub use binding::is_of;
pub use request::ConfirmationRequest;
pub use settings::ConfirmationSettings;
pub use unsubscribing::{UNSUBSCRIBE_METHOD, unsubscribe_path};

/// The method that confirms.
const METHOD: &str = "PUT";

/// Knows which subscribers must agree, and signs what they are asked with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Confirmations {
    settings: ConfirmationSettings,
    signatures: Signatures,
}

impl Confirmations {
    /// Asks as these settings say, with grants signed by these keys.
    pub fn new(settings: ConfirmationSettings, signatures: Signatures) -> Self {
        Self { settings, signatures }
    }

    /// The settings.
    pub fn settings(&self) -> &ConfirmationSettings {
        &self.settings
    }

    /// Whether a subscriber must agree before it is told anything else.
    pub fn asks(&self, subscriber: &str) -> bool {
        if is_mail(subscriber) { self.settings.asks_mail } else { self.settings.asks_others }
    }

    /// Whether subscribers of any kind must agree.
    pub fn asks_anybody(&self) -> bool {
        self.settings.asks_mail || self.settings.asks_others
    }

    /// Whether a subscription is not told of messages because its subscriber has not agreed.
    pub fn holds_back(&self, subscription: &Subscription) -> bool {
        !subscription.is_confirmed
            && !subscription.is_follower
            && self.asks(&subscription.subscriber)
    }

    /// Whether there is a key to sign with. Without one nobody can be asked.
    pub fn can_sign(&self) -> bool {
        self.signatures.own_key().is_some()
    }

    /// What a subscriber is sent for a parcel of the kind `Confirm` or `Unsubscribe`. It is signed anew for each attempt,
    /// and ends with the subscription, or once one that subscribed now would end by default.
    ///
    /// # Errors
    /// There is no key to sign with, or the subscription has ended.
    pub fn request(&self, parcel: &Parcel) -> Result<ConfirmationRequest, NotSigned> {
        let subscription = &*parcel.subscription;
        let now = parcel.now.div_euclid(1000);
        let ends = match parcel.kind {
            EntryKind::Unsubscribe => now.saturating_add(self.settings.default_ttl),
            _ => subscription.expires_at.div_euclid(1000),
        };
        let path = confirm_path(&parcel.queue, subscription);
        let mut methods = vec![METHOD.to_owned()];
        if self.settings.only_subscriber {
            methods.push(binding::of(&subscription.subscriber));
        }
        let key_id = self.signatures.own_key().ok_or(NotSigned::NoKey)?;
        let signed = self.signatures.sign(Wanted {
            paths: vec![path.clone()],
            methods,
            project: parcel.queue.project.to_string(),
            expires: Some(self.signatures.earlier(ends)),
            key_id: key_id.clone(),
        })?;
        let url = |endpoint: &Option<String>| endpoint.as_ref().map(|base| joined(base, &path));
        Ok(ConfirmationRequest {
            http_url: url(&self.settings.public_endpoint),
            websocket_url: url(&self.settings.public_websocket_endpoint),
            kind: parcel.kind,
            queue: parcel.queue.clone(),
            signature: signed.signature,
            methods: signed.methods.join(","),
            path,
            expires: signed.expires,
            key_id,
            issued: signed.issued,
        })
    }
}

/// The path whose `PUT` confirms a subscription.
pub fn confirm_path(queue: &QueueKey, subscription: &Subscription) -> String {
    path_of(queue, subscription.id, "confirm")
}

fn path_of(queue: &QueueKey, id: SubscriptionId, last: &str) -> String {
    let logs = match queue.kind {
        Kind::Queue => "queues",
        Kind::Topic => "topics",
    };
    format!("/v2/{logs}/{}/subscriptions/{id}/{last}", queue.name)
}

fn joined(endpoint: &str, path: &str) -> String {
    format!("{}{path}", endpoint.trim_end_matches('/'))
}

/// Whether a subscriber is a mail address.
pub fn is_mail(subscriber: &str) -> bool {
    subscriber.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto"))
}

#[cfg(test)]
pub(super) mod tests;
