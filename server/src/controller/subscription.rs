//! Subscriptions of queues.

use sukkal_spec::{
    ApiError, RequestContext, SubscriptionApi, SubscriptionConfirm, SubscriptionConfirmInput,
    SubscriptionConfirmOutcome, SubscriptionCreate, SubscriptionCreateInput,
    SubscriptionCreateOutcome, SubscriptionDelete, SubscriptionDeleteInput,
    SubscriptionDeleteOutcome, SubscriptionGet, SubscriptionGetAttempts,
    SubscriptionGetAttemptsInput, SubscriptionGetAttemptsOutcome, SubscriptionGetInput,
    SubscriptionGetOutcome, SubscriptionList, SubscriptionListInput, SubscriptionListOutcome,
    SubscriptionPause, SubscriptionPauseInput, SubscriptionPauseOutcome, SubscriptionReplay,
    SubscriptionReplayInput, SubscriptionReplayOutcome, SubscriptionResend,
    SubscriptionResendInput, SubscriptionResendOutcome, SubscriptionResume,
    SubscriptionResumeInput, SubscriptionResumeOutcome, SubscriptionTest, SubscriptionTestInput,
    SubscriptionTestOutcome, SubscriptionUnsubscribe, SubscriptionUnsubscribeInput,
    SubscriptionUnsubscribeOutcome, SubscriptionUpdate, SubscriptionUpdateInput,
    SubscriptionUpdateOutcome,
};
use sukkal_storage::QueueKey;

use super::Controller;
use super::replay::{Replayed, Start};
use super::subscribing::{Change, NewSubscription, Subscribed};
use super::telling::Attempts;
use super::unsubscribing::Link;

impl SubscriptionApi for Controller {
    async fn subscription_list(
        &self,
        context: &RequestContext,
        input: SubscriptionListInput,
    ) -> Result<SubscriptionListOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let subscriptions = self
            .subscriptions::<SubscriptionList>(context, &key, input.marker, input.limit)
            .await?;
        let next_marker = subscriptions.last().map(|last| last.id.clone());
        Ok(SubscriptionListOutcome::Listed { subscriptions, next_marker })
    }

    async fn subscription_create(
        &self,
        context: &RequestContext,
        input: SubscriptionCreateInput,
    ) -> Result<SubscriptionCreateOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let queue_name = input.queue_name;
        let SubscriptionCreateInput { subscriber, ttl, options, cursor, .. } = input;
        let new = NewSubscription { subscriber, ttl, options, cursor };
        Ok(match self.subscribe::<SubscriptionCreate>(context, &key, new).await? {
            Subscribed::Created(subscription_id, cursor) => {
                SubscriptionCreateOutcome::Created { subscription_id, queue_name, cursor }
            }
            Subscribed::Unconfirmed(subscription_id) => {
                SubscriptionCreateOutcome::WaitsForConfirmation { subscription_id, queue_name }
            }
            Subscribed::Confirmed => SubscriptionCreateOutcome::AlreadySubscribed { queue_name },
        })
    }

    async fn subscription_get(
        &self,
        context: &RequestContext,
        input: SubscriptionGetInput,
    ) -> Result<SubscriptionGetOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let subscription =
            self.subscription::<SubscriptionGet>(context, &key, input.subscription_id).await?;
        Ok(SubscriptionGetOutcome::Shown { subscription })
    }

    async fn subscription_update(
        &self,
        context: &RequestContext,
        input: SubscriptionUpdateInput,
    ) -> Result<SubscriptionUpdateOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let SubscriptionUpdateInput { subscription_id, subscriber, ttl, options, .. } = input;
        let change = Change { subscriber, ttl, options };
        self.change_subscription::<SubscriptionUpdate>(context, &key, &subscription_id, change)
            .await?;
        Ok(SubscriptionUpdateOutcome::Updated { subscription_id })
    }

    async fn subscription_delete(
        &self,
        context: &RequestContext,
        input: SubscriptionDeleteInput,
    ) -> Result<SubscriptionDeleteOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        self.unsubscribe::<SubscriptionDelete>(context, &key, &input.subscription_id).await?;
        Ok(SubscriptionDeleteOutcome::Deleted { subscription_id: input.subscription_id })
    }

    async fn subscription_confirm(
        &self,
        context: &RequestContext,
        input: SubscriptionConfirmInput,
    ) -> Result<SubscriptionConfirmOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let SubscriptionConfirmInput { subscription_id, confirmed, .. } = input;
        self.confirm_subscription::<SubscriptionConfirm>(
            context,
            &key,
            &subscription_id,
            confirmed,
        )
        .await?;
        Ok(SubscriptionConfirmOutcome::Confirmed { subscription_id })
    }

    async fn subscription_get_attempts(
        &self,
        context: &RequestContext,
        input: SubscriptionGetAttemptsInput,
    ) -> Result<SubscriptionGetAttemptsOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let id = &input.subscription_id;
        let Attempts { state, attempts } =
            self.attempts::<SubscriptionGetAttempts>(context, &key, id).await?;
        Ok(SubscriptionGetAttemptsOutcome::Listed { state, attempts })
    }

    async fn subscription_resend(
        &self,
        context: &RequestContext,
        input: SubscriptionResendInput,
    ) -> Result<SubscriptionResendOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let SubscriptionResendInput { subscription_id, message_id, .. } = input;
        let absent = || ApiError::MessageDoesNotExist {
            message_id: message_id.clone(),
            queue_name: key.name.to_string(),
            project_id: key.project.to_string(),
        };
        self.resend::<SubscriptionResend>(context, &key, &subscription_id, &message_id, absent)
            .await?;
        Ok(SubscriptionResendOutcome::Accepted { message_id })
    }

    async fn subscription_replay(
        &self,
        context: &RequestContext,
        input: SubscriptionReplayInput,
    ) -> Result<SubscriptionReplayOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let start = Start { since: input.since, marker: input.marker };
        let id = &input.subscription_id;
        let Replayed { resent, next_marker } =
            self.replay::<SubscriptionReplay>(context, &key, id, start).await?;
        Ok(SubscriptionReplayOutcome::Accepted { resent, next_marker })
    }

    async fn subscription_test(
        &self,
        context: &RequestContext,
        input: SubscriptionTestInput,
    ) -> Result<SubscriptionTestOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let id = &input.subscription_id;
        let message_id = self.send_test::<SubscriptionTest>(context, &key, id, input.body).await?;
        Ok(SubscriptionTestOutcome::Accepted { message_id })
    }

    async fn subscription_pause(
        &self,
        context: &RequestContext,
        input: SubscriptionPauseInput,
    ) -> Result<SubscriptionPauseOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        self.pause::<SubscriptionPause>(context, &key, &input.subscription_id).await?;
        Ok(SubscriptionPauseOutcome::Paused { subscription_id: input.subscription_id })
    }

    async fn subscription_resume(
        &self,
        context: &RequestContext,
        input: SubscriptionResumeInput,
    ) -> Result<SubscriptionResumeOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        self.resume::<SubscriptionResume>(context, &key, &input.subscription_id).await?;
        Ok(SubscriptionResumeOutcome::Resumed { subscription_id: input.subscription_id })
    }

    async fn subscription_unsubscribe(
        &self,
        context: &RequestContext,
        input: SubscriptionUnsubscribeInput,
    ) -> Result<SubscriptionUnsubscribeOutcome, ApiError> {
        let SubscriptionUnsubscribeInput { queue_name, project, .. } = input;
        let SubscriptionUnsubscribeInput {
            subscription_id,
            expires,
            signature,
            key_id,
            issued,
            ..
        } = input;
        let key = QueueKey::new(project, queue_name);
        let link = Link { subscription_id, expires, signature, key_id, issued };
        self.unsubscribe_by_link::<SubscriptionUnsubscribe>(context, &key, link).await?;
        Ok(SubscriptionUnsubscribeOutcome::Unsubscribed {})
    }
}
