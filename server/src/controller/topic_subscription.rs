//! Subscriptions of topics.

use sukkal_spec::{
    ApiError, RequestContext, TopicSubscriptionApi, TopicSubscriptionConfirm,
    TopicSubscriptionConfirmInput, TopicSubscriptionConfirmOutcome, TopicSubscriptionCreate,
    TopicSubscriptionCreateInput, TopicSubscriptionCreateOutcome, TopicSubscriptionDelete,
    TopicSubscriptionDeleteInput, TopicSubscriptionDeleteOutcome, TopicSubscriptionGet,
    TopicSubscriptionGetAttempts, TopicSubscriptionGetAttemptsInput,
    TopicSubscriptionGetAttemptsOutcome, TopicSubscriptionGetInput, TopicSubscriptionGetOutcome,
    TopicSubscriptionList, TopicSubscriptionListInput, TopicSubscriptionListOutcome,
    TopicSubscriptionPause, TopicSubscriptionPauseInput, TopicSubscriptionPauseOutcome,
    TopicSubscriptionReplay, TopicSubscriptionReplayInput, TopicSubscriptionReplayOutcome,
    TopicSubscriptionResend, TopicSubscriptionResendInput, TopicSubscriptionResendOutcome,
    TopicSubscriptionResume, TopicSubscriptionResumeInput, TopicSubscriptionResumeOutcome,
    TopicSubscriptionTest, TopicSubscriptionTestInput, TopicSubscriptionTestOutcome,
    TopicSubscriptionUnsubscribe, TopicSubscriptionUnsubscribeInput,
    TopicSubscriptionUnsubscribeOutcome, TopicSubscriptionUpdate, TopicSubscriptionUpdateInput,
    TopicSubscriptionUpdateOutcome,
};
use sukkal_storage::QueueKey;

use super::Controller;
use super::replay::{Replayed, Start};
use super::subscribing::{Change, NewSubscription, Subscribed};
use super::telling::Attempts;
use super::unsubscribing::Link;

impl TopicSubscriptionApi for Controller {
    async fn topic_subscription_list(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionListInput,
    ) -> Result<TopicSubscriptionListOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let subscriptions = self
            .subscriptions::<TopicSubscriptionList>(context, &key, input.marker, input.limit)
            .await?;
        let next_marker = subscriptions.last().map(|last| last.id.clone());
        Ok(TopicSubscriptionListOutcome::Listed { subscriptions, next_marker })
    }

    async fn topic_subscription_create(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionCreateInput,
    ) -> Result<TopicSubscriptionCreateOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let topic_name = input.topic_name;
        let TopicSubscriptionCreateInput { subscriber, ttl, options, cursor, .. } = input;
        let new = NewSubscription { subscriber, ttl, options, cursor };
        Ok(match self.subscribe::<TopicSubscriptionCreate>(context, &key, new).await? {
            Subscribed::Created(subscription_id, cursor) => {
                TopicSubscriptionCreateOutcome::Created { subscription_id, topic_name, cursor }
            }
            Subscribed::Unconfirmed(subscription_id) => {
                TopicSubscriptionCreateOutcome::WaitsForConfirmation { subscription_id, topic_name }
            }
            Subscribed::Confirmed => {
                TopicSubscriptionCreateOutcome::AlreadySubscribed { topic_name }
            }
        })
    }

    async fn topic_subscription_get(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionGetInput,
    ) -> Result<TopicSubscriptionGetOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let subscription =
            self.subscription::<TopicSubscriptionGet>(context, &key, input.subscription_id).await?;
        Ok(TopicSubscriptionGetOutcome::Shown { subscription })
    }

    async fn topic_subscription_update(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionUpdateInput,
    ) -> Result<TopicSubscriptionUpdateOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let TopicSubscriptionUpdateInput { subscription_id, subscriber, ttl, options, .. } = input;
        let change = Change { subscriber, ttl, options };
        self.change_subscription::<TopicSubscriptionUpdate>(
            context,
            &key,
            &subscription_id,
            change,
        )
        .await?;
        Ok(TopicSubscriptionUpdateOutcome::Updated { subscription_id })
    }

    async fn topic_subscription_delete(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionDeleteInput,
    ) -> Result<TopicSubscriptionDeleteOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        self.unsubscribe::<TopicSubscriptionDelete>(context, &key, &input.subscription_id).await?;
        Ok(TopicSubscriptionDeleteOutcome::Deleted { subscription_id: input.subscription_id })
    }

    async fn topic_subscription_confirm(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionConfirmInput,
    ) -> Result<TopicSubscriptionConfirmOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let TopicSubscriptionConfirmInput { subscription_id, confirmed, .. } = input;
        self.confirm_subscription::<TopicSubscriptionConfirm>(
            context,
            &key,
            &subscription_id,
            confirmed,
        )
        .await?;
        Ok(TopicSubscriptionConfirmOutcome::Confirmed { subscription_id })
    }

    async fn topic_subscription_get_attempts(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionGetAttemptsInput,
    ) -> Result<TopicSubscriptionGetAttemptsOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let id = &input.subscription_id;
        let Attempts { state, attempts } =
            self.attempts::<TopicSubscriptionGetAttempts>(context, &key, id).await?;
        Ok(TopicSubscriptionGetAttemptsOutcome::Listed { state, attempts })
    }

    async fn topic_subscription_resend(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionResendInput,
    ) -> Result<TopicSubscriptionResendOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let TopicSubscriptionResendInput { subscription_id, message_id, .. } = input;
        let absent = || ApiError::TopicMessageDoesNotExist {
            message_id: message_id.clone(),
            topic_name: key.name.to_string(),
            project_id: key.project.to_string(),
        };
        self.resend::<TopicSubscriptionResend>(
            context,
            &key,
            &subscription_id,
            &message_id,
            absent,
        )
        .await?;
        Ok(TopicSubscriptionResendOutcome::Accepted { message_id })
    }

    async fn topic_subscription_replay(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionReplayInput,
    ) -> Result<TopicSubscriptionReplayOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let start = Start { since: input.since, marker: input.marker };
        let id = &input.subscription_id;
        let Replayed { resent, next_marker } =
            self.replay::<TopicSubscriptionReplay>(context, &key, id, start).await?;
        Ok(TopicSubscriptionReplayOutcome::Accepted { resent, next_marker })
    }

    async fn topic_subscription_test(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionTestInput,
    ) -> Result<TopicSubscriptionTestOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let id = &input.subscription_id;
        let message_id =
            self.send_test::<TopicSubscriptionTest>(context, &key, id, input.body).await?;
        Ok(TopicSubscriptionTestOutcome::Accepted { message_id })
    }

    async fn topic_subscription_pause(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionPauseInput,
    ) -> Result<TopicSubscriptionPauseOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        self.pause::<TopicSubscriptionPause>(context, &key, &input.subscription_id).await?;
        Ok(TopicSubscriptionPauseOutcome::Paused { subscription_id: input.subscription_id })
    }

    async fn topic_subscription_resume(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionResumeInput,
    ) -> Result<TopicSubscriptionResumeOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        self.resume::<TopicSubscriptionResume>(context, &key, &input.subscription_id).await?;
        Ok(TopicSubscriptionResumeOutcome::Resumed { subscription_id: input.subscription_id })
    }

    async fn topic_subscription_unsubscribe(
        &self,
        context: &RequestContext,
        input: TopicSubscriptionUnsubscribeInput,
    ) -> Result<TopicSubscriptionUnsubscribeOutcome, ApiError> {
        let TopicSubscriptionUnsubscribeInput { topic_name, project, .. } = input;
        let TopicSubscriptionUnsubscribeInput {
            subscription_id,
            expires,
            signature,
            key_id,
            issued,
            ..
        } = input;
        let key = QueueKey::topic(project, topic_name);
        let link = Link { subscription_id, expires, signature, key_id, issued };
        self.unsubscribe_by_link::<TopicSubscriptionUnsubscribe>(context, &key, link).await?;
        Ok(TopicSubscriptionUnsubscribeOutcome::Unsubscribed {})
    }
}
