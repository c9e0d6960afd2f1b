//! Claims.

use std::sync::Arc;

use sukkal_spec::{
    ApiError, ClaimApi, ClaimCreate, ClaimCreateInput, ClaimCreateOutcome, ClaimDelete,
    ClaimDeleteInput, ClaimDeleteOutcome, ClaimGet, ClaimGetInput, ClaimGetOutcome, ClaimUpdate,
    ClaimUpdateInput, ClaimUpdateOutcome, RequestContext,
};
use sukkal_storage::{
    CreateClaim, DeadLetter, DeleteClaim, GetClaim, QueueKey, StorageError, UpdateClaim,
};
use uuid::Uuid;

use super::present::{age, claimed};
use super::{Controller, claim_does_not_exist, parse_id};
use crate::error::api_error;
use crate::placement::Queue;
use crate::stage::{Answer, Command};

impl ClaimApi for Controller {
    async fn claim_create(
        &self,
        context: &RequestContext,
        input: ClaimCreateInput,
    ) -> Result<ClaimCreateOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let Some(queue) = self.placement.find(&key).await.map_err(api_error)? else {
            return Ok(ClaimCreateOutcome::NothingToClaim { claim_id: None });
        };
        let now = self.placement.now();
        let command = CreateClaim {
            queue: key.clone(),
            id: Uuid::new_v4(),
            limit: usize::try_from(input.limit).unwrap_or(1),
            ttl: input.ttl,
            grace: input.grace,
            dead_letter: self.dead_letter(&queue).await?,
            now,
        };
        let stages = self.claim_stages::<ClaimCreate>(context, &key);
        stages.before(Command::CreateClaim(&command)).await?;
        let mut claim =
            context.turn.take(queue.data().claims().create(command)).await.map_err(api_error)?;
        if claim.transferred > 0 {
            queue.pool.wake_mover(&key);
        }

        if claim.messages.is_empty() {
            return Ok(ClaimCreateOutcome::NothingToClaim { claim_id: None });
        }
        claim.messages = self.readable(&key, claim.messages)?;
        stages.after(Answer::Claim(&mut claim)).await?;
        let claim_id = claim.id.to_string();
        let messages =
            claim.messages.into_iter().map(|message| claimed(message, &claim_id, now)).collect();
        Ok(ClaimCreateOutcome::Claimed { claim_id, messages })
    }

    async fn claim_get(
        &self,
        context: &RequestContext,
        input: ClaimGetInput,
    ) -> Result<ClaimGetOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let absent = || claim_does_not_exist(&key, &input.claim_id);
        let id = parse_id(&input.claim_id).ok_or_else(absent)?;
        let now = self.placement.now();
        let query = GetClaim { queue: key.clone(), id, now };
        let stages = self.claim_stages::<ClaimGet>(context, &key);
        stages.before(Command::GetClaim(&query)).await?;
        let store = self.data(&key).await?;
        let mut claim = store.claims().get(query).await.map_err(|error| match error {
            StorageError::ClaimDoesNotExist => absent(),
            other => api_error(other),
        })?;
        claim.messages = self.readable(&key, claim.messages)?;
        stages.after(Answer::Claim(&mut claim)).await?;

        let claim_id = claim.id.to_string();
        Ok(ClaimGetOutcome::Shown {
            age: age(claim.created_at, now),
            ttl: claim.ttl,
            messages: claim
                .messages
                .into_iter()
                .map(|message| claimed(message, &claim_id, now))
                .collect(),
        })
    }

    async fn claim_update(
        &self,
        context: &RequestContext,
        input: ClaimUpdateInput,
    ) -> Result<ClaimUpdateOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let absent = || claim_does_not_exist(&key, &input.claim_id);
        let id = parse_id(&input.claim_id).ok_or_else(absent)?;
        let command = UpdateClaim {
            queue: key.clone(),
            id,
            ttl: input.ttl,
            grace: input.grace,
            now: self.placement.now(),
        };
        let stages = self.claim_stages::<ClaimUpdate>(context, &key);
        stages.before(Command::UpdateClaim(&command)).await?;
        let store = self.data(&key).await?;
        let updated = context.turn.take(store.claims().update(command)).await;
        updated.map_err(|error| match error {
            StorageError::ClaimDoesNotExist => absent(),
            other => api_error(other),
        })?;
        stages.after(Answer::Done).await?;
        Ok(ClaimUpdateOutcome::Updated { claim_id: input.claim_id })
    }

    async fn claim_delete(
        &self,
        context: &RequestContext,
        input: ClaimDeleteInput,
    ) -> Result<ClaimDeleteOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        if let Some(id) = parse_id(&input.claim_id) {
            let command = DeleteClaim { queue: key.clone(), id, now: self.placement.now() };
            let stages = self.claim_stages::<ClaimDelete>(context, &key);
            stages.before(Command::DeleteClaim(&command)).await?;
            let store = self.data(&key).await?;
            context.turn.take(store.claims().delete(command)).await.map_err(api_error)?;
            stages.after(Answer::Done).await?;
        }
        Ok(ClaimDeleteOutcome::Released { claim_id: input.claim_id })
    }
}

impl Controller {
    /// The dead-letter rule of a queue; its target is created if it does not exist.
    async fn dead_letter(&self, queue: &Queue) -> Result<Option<DeadLetter>, ApiError> {
        let Some(rule) = &queue.settings.dead_letter else { return Ok(None) };
        let target = QueueKey::new(queue.key.project.clone(), rule.queue_name.as_str());
        let same_store = match self.placement.open(&target).await {
            Ok(found) => Arc::ptr_eq(&found.pool, &queue.pool),
            // The pool of the target is its own trouble: the message waits for it.
            Err(StorageError::Unavailable { .. }) if self.placement.has_pools() => false,
            Err(error) => return Err(api_error(error)),
        };
        Ok(Some(DeadLetter {
            max_claim_count: rule.max_claim_count,
            target,
            ttl: rule.ttl,
            same_store,
        }))
    }
}
