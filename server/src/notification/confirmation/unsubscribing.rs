//! Links with which subscribers end being told, with one click.

use percent_encoding::utf8_percent_encode;
use sukkal_storage::{QueueKey, SubscriptionId};

use super::request::VALUE;
use super::{Confirmations, joined, path_of};
use crate::notification::Parcel;
use crate::signature::Wanted;

/// The method of a link. Programs that look at mail call links with `GET`, which ends nothing.
pub const UNSUBSCRIBE_METHOD: &str = "POST";

/// The path of the link of a subscription.
pub fn unsubscribe_path(queue: &QueueKey, id: SubscriptionId) -> String {
    path_of(queue, id, "unsubscribe")
}

impl Confirmations {
    /// The link with which the subscriber of a parcel ends being told, for as long as its subscription lives. `None` if
    /// the service has no public endpoint with TLS, or no key to sign with.
    pub fn unsubscribe_url(&self, parcel: &Parcel) -> Option<String> {
        let endpoint = self.settings.public_endpoint.as_deref()?;
        if !endpoint.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://")) {
            return None;
        }
        let path = unsubscribe_path(&parcel.queue, parcel.subscription.id);
        let ends = parcel.subscription.expires_at.div_euclid(1000);
        let key_id = self.signatures.own_key()?;
        let signed = self.signatures.sign(Wanted {
            paths: vec![path.clone()],
            methods: vec![UNSUBSCRIBE_METHOD.to_owned()],
            project: parcel.queue.project.to_string(),
            expires: Some(self.signatures.earlier(ends)),
            key_id: key_id.clone(),
        });
        let signed = signed.ok()?;
        let mut url = joined(endpoint, &path);
        let mut parameters = vec![
            ("project", &*parcel.queue.project),
            ("expires", &signed.expires),
            ("signature", &signed.signature),
        ];
        if let (Some(key_id), Some(issued)) = (&key_id, &signed.issued) {
            parameters.extend([("key_id", key_id.as_str()), ("issued", issued)]);
        }
        for (at, (name, value)) in parameters.into_iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, VALUE));
        }
        Some(url)
    }
}
