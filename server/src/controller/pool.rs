//! Pools.

use serde_json::{Map, Value};
use sukkal_spec::raw::Raw;
use sukkal_spec::{
    ApiError, Pool, PoolApi, PoolCreateInput, PoolCreateOutcome, PoolDeleteInput,
    PoolDeleteOutcome, PoolGetInput, PoolGetOutcome, PoolListInput, PoolListOutcome,
    PoolUpdateInput, PoolUpdateOutcome, RequestContext,
};
use sukkal_storage::StorageError;

use super::Controller;
use crate::error::api_error;
use crate::json;
use crate::placement::{
    ChangeError, LayoutError, PoolRecord, PoolUpdate, RegisterError, Registration,
};

impl PoolApi for Controller {
    async fn pool_list(
        &self,
        context: &RequestContext,
        input: PoolListInput,
    ) -> Result<PoolListOutcome, ApiError> {
        let layout = self.placement.layout().await.map_err(api_error)?;
        let limit = usize::try_from(input.limit).unwrap_or(1);
        let marker = input.marker.as_deref();
        let pools: Vec<Pool> = layout
            .pools
            .iter()
            .filter(|(name, _)| marker.is_none_or(|marker| name.as_str() > marker))
            .take(limit)
            .map(|(name, pool)| shown(context, name, pool, input.detailed))
            .collect();
        Ok(PoolListOutcome::Listed {
            next_marker: pools.last().map(|pool| pool.name.clone()),
            pools,
        })
    }

    async fn pool_create(
        &self,
        context: &RequestContext,
        input: PoolCreateInput,
    ) -> Result<PoolCreateOutcome, ApiError> {
        let name = input.pool_name;
        let registration = Registration {
            uri: input.uri,
            weight: weight(input.weight),
            flavor: input.flavor,
            options: options(&input.options),
        };
        let registered = self.placement.register_pool(&context.project_id, &name, registration);
        registered.await.map_err(refused)?;
        Ok(PoolCreateOutcome::Created { pool_name: name })
    }

    async fn pool_get(
        &self,
        context: &RequestContext,
        input: PoolGetInput,
    ) -> Result<PoolGetOutcome, ApiError> {
        let layout = self.placement.layout().await.map_err(api_error)?;
        match layout.pools.get(&input.pool_name) {
            Some(pool) => {
                let pool = shown(context, &input.pool_name, pool, input.detailed);
                Ok(PoolGetOutcome::Shown { pool })
            }
            None => Err(ApiError::PoolDoesNotExist { pool_name: input.pool_name }),
        }
    }

    async fn pool_update(
        &self,
        context: &RequestContext,
        input: PoolUpdateInput,
    ) -> Result<PoolUpdateOutcome, ApiError> {
        let update = PoolUpdate {
            uri: input.uri,
            weight: input.weight.map(weight),
            flavor: input.flavor,
            options: input.options.as_ref().map(options),
        };
        let PoolUpdate { uri: None, weight: None, flavor: None, options: None } = &update else {
            let (project, name) = (&context.project_id, &input.pool_name);
            let updated = self.placement.update_pool(project, name, update);
            let record = updated.await.map_err(refused)?;
            let pool = shown(context, name, &record, false);
            return Ok(PoolUpdateOutcome::Updated { pool });
        };
        Err(ApiError::PoolChangeEmpty)
    }

    async fn pool_delete(
        &self,
        _: &RequestContext,
        input: PoolDeleteInput,
    ) -> Result<PoolDeleteOutcome, ApiError> {
        let removed = self.placement.remove_pool(&input.pool_name).await;
        removed.map_err(|error| refused(error.into()))?;
        Ok(PoolDeleteOutcome::Deleted { pool_name: input.pool_name })
    }
}

fn shown(context: &RequestContext, name: &str, pool: &PoolRecord, detailed: bool) -> Pool {
    let options =
        detailed.then(|| Raw::from_trusted(Value::from(pool.options.clone()).to_string().into()));
    Pool {
        name: name.to_owned(),
        flavor: pool.flavor_in(&context.project_id).map(str::to_owned),
        uri: pool.uri.clone(),
        weight: i64::from(pool.weight),
        options,
    }
}

/// The schema has checked the bounds.
fn weight(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn options(text: &Raw) -> Map<String, Value> {
    json::read(text.bytes()).unwrap_or_default()
}

fn refused(error: RegisterError) -> ApiError {
    match error {
        RegisterError::CannotConnect(uri) => ApiError::PoolUnreachable { uri },
        RegisterError::Change(ChangeError::Storage(StorageError::PoolIsUsed(pool))) => {
            ApiError::PoolHoldsQueues { pool_name: pool.to_string() }
        }
        RegisterError::Change(ChangeError::Storage(error)) => api_error(error),
        RegisterError::Change(ChangeError::Refused(error)) => match error {
            LayoutError::PoolDoesNotExist(pool_name) => ApiError::PoolDoesNotExist { pool_name },
            LayoutError::FlavorDoesNotExist(flavor_name) => {
                ApiError::FlavorDoesNotExist { flavor_name }
            }
            LayoutError::UriIsTaken => ApiError::PoolUriTaken,
            LayoutError::CapabilitiesDiffer => ApiError::PoolDoesNotFit,
            LayoutError::OnlyPoolOf(flavor_name) => ApiError::PoolUsedByFlavor { flavor_name },
        },
    }
}
