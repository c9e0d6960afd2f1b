//! Subscriptions of topics.

use sukkal_spec::{
    ApiError, RequestContext, TopicSubscriptionApi, TopicSubscriptionConfirm,
    TopicSubscriptionConfirmInput, TopicSubscriptionConfirmOutcome, TopicSubscriptionCreate,
    TopicSubscriptionCreateInput, TopicSubscriptionCreateOutcome, TopicSubscriptionDelete,
    TopicSubscriptionDeleteInput, TopicSubscriptionDeleteOutcome, TopicSubscriptionGet,
    TopicSubscriptionGetInput, TopicSubscriptionGetOutcome, TopicSubscriptionList,
    TopicSubscriptionListInput, TopicSubscriptionListOutcome, TopicSubscriptionUpdate,
    TopicSubscriptionUpdateInput, TopicSubscriptionUpdateOutcome,
};

use super::Controller;
use super::subscribing::{Change, NewSubscription, Subscribed};

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
        let TopicSubscriptionCreateInput { subscriber, ttl, options, .. } = input;
        let new = NewSubscription { subscriber, ttl, options };
        Ok(match self.subscribe::<TopicSubscriptionCreate>(context, &key, new).await? {
            Subscribed::Created(subscription_id) => {
                TopicSubscriptionCreateOutcome::Created { subscription_id, topic_name }
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
}
