//! Ending a subscription by the link in a mail; queues and topics alike.

use sukkal_spec::{ApiError, Operation, RequestContext};
use sukkal_storage::{
    ConfirmSubscription, GetSubscription, QueueKey, SetSubscriptionState, StorageError,
    SubscriptionState,
};

use super::Controller;
use super::parse_id;
use crate::error::api_error;
use crate::notification::{UNSUBSCRIBE_METHOD, unsubscribe_path};
use crate::signature::Shown;
use crate::stage::{Answer, Command};

/// A link as it was called.
pub(super) struct Link {
    pub(super) subscription_id: String,
    pub(super) expires: String,
    pub(super) signature: String,
    pub(super) key_id: Option<String>,
    pub(super) issued: Option<String>,
}

impl Controller {
    /// Has a subscriber told nothing more, if its link is genuine.
    pub(super) async fn unsubscribe_by_link<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        link: Link,
    ) -> Result<(), ApiError> {
        let id = parse_id(&link.subscription_id).ok_or(ApiError::LinkInvalid)?;
        let path = unsubscribe_path(key, id);
        let shown = Shown {
            signature: &link.signature,
            expires: Some(&link.expires),
            methods: vec![UNSUBSCRIBE_METHOD],
            paths: vec![&path],
            project: Some(&key.project),
            key_id: link.key_id.as_deref(),
            issued: link.issued.as_deref(),
        };
        if !self.signatures.admits(&shown, UNSUBSCRIBE_METHOD, &path) {
            return Err(ApiError::LinkInvalid);
        }
        let now = self.placement.now();
        let command = ConfirmSubscription { queue: key.clone(), id, is_confirmed: false, now };
        let stages = self.subscription_stages::<O>(context, key);
        stages.before(Command::ConfirmSubscription(&command)).await?;
        let store = self.data(key).await?;
        let rows = store.subscriptions();
        let gone_or = |error| match error {
            StorageError::SubscriptionDoesNotExist => Ok(()),
            other => Err(api_error(other)),
        };
        rows.confirm(command).await.or_else(gone_or)?;
        let query = GetSubscription { queue: key.clone(), id, now };
        if let Ok(subscription) = rows.get(query).await
            && !self.confirmations.asks(&subscription.subscriber)
        {
            let state = SubscriptionState::Disabled;
            let command = SetSubscriptionState { queue: key.clone(), id, state, now };
            rows.set_state(command).await.or_else(gone_or)?;
        }
        stages.after(Answer::Done).await
    }
}
