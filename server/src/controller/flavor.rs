//! Flavors.

use sukkal_spec::{
    ApiError, Flavor, FlavorApi, FlavorCreateInput, FlavorCreateOutcome, FlavorDeleteInput,
    FlavorDeleteOutcome, FlavorEntry, FlavorGetInput, FlavorGetOutcome, FlavorListInput,
    FlavorListOutcome, FlavorUpdateInput, FlavorUpdateOutcome, RequestContext,
};

use super::Controller;
use crate::error::api_error;
use crate::placement::{ChangeError, Document, LayoutError};

impl FlavorApi for Controller {
    async fn flavor_list(
        &self,
        context: &RequestContext,
        input: FlavorListInput,
    ) -> Result<FlavorListOutcome, ApiError> {
        let layout = self.placement.layout().await.map_err(api_error)?;
        let limit = usize::try_from(input.limit).unwrap_or(1);
        let marker = input.marker.as_deref();
        let flavors: Vec<FlavorEntry> = layout
            .flavors
            .get(&*context.project_id)
            .into_iter()
            .flatten()
            .filter(|name| marker.is_none_or(|marker| name.as_str() > marker))
            .take(limit)
            .map(|name| entry(shown(context, &layout, name), input.detailed))
            .collect();
        let next_marker = flavors.last().map(|flavor| flavor.name.clone());
        Ok(FlavorListOutcome::Listed { flavors, next_marker })
    }

    async fn flavor_create(
        &self,
        context: &RequestContext,
        input: FlavorCreateInput,
    ) -> Result<FlavorCreateOutcome, ApiError> {
        if input.pool_list.is_empty() {
            let (title, description) = without_pools();
            return Ok(FlavorCreateOutcome::WithoutPools { title, description });
        }
        let (project, name) = (&context.project_id, &input.flavor_name);
        let changed = self
            .placement
            .change_flavors(|layout| layout.put_flavor(project, name, &input.pool_list))
            .await;
        changed.map_err(|error| refused(error, name))?;
        Ok(FlavorCreateOutcome::Created { flavor_name: input.flavor_name })
    }

    async fn flavor_get(
        &self,
        context: &RequestContext,
        input: FlavorGetInput,
    ) -> Result<FlavorGetOutcome, ApiError> {
        let layout = self.placement.layout().await.map_err(api_error)?;
        if !layout.has_flavor(&context.project_id, &input.flavor_name) {
            return Err(ApiError::FlavorDoesNotExist { flavor_name: input.flavor_name });
        }
        Ok(FlavorGetOutcome::Shown { flavor: shown(context, &layout, &input.flavor_name) })
    }

    async fn flavor_update(
        &self,
        context: &RequestContext,
        input: FlavorUpdateInput,
    ) -> Result<FlavorUpdateOutcome, ApiError> {
        if input.pool_list.is_empty() {
            let (title, description) = without_pools();
            return Ok(FlavorUpdateOutcome::WithoutPools { title, description });
        }
        let (project, name) = (&context.project_id, &input.flavor_name);
        let mut after = Document::default();
        let changed = self
            .placement
            .change_flavors(|layout| {
                layout.change_flavor(project, name, &input.pool_list)?;
                after.clone_from(layout);
                Ok(())
            })
            .await;
        changed.map_err(|error| refused(error, name))?;
        Ok(FlavorUpdateOutcome::Updated { flavor: shown(context, &after, name) })
    }

    async fn flavor_delete(
        &self,
        context: &RequestContext,
        input: FlavorDeleteInput,
    ) -> Result<FlavorDeleteOutcome, ApiError> {
        let (project, name) = (&context.project_id, &input.flavor_name);
        let changed = self
            .placement
            .change_flavors(|layout| {
                layout.remove_flavor(project, name);
                Ok(())
            })
            .await;
        changed.map_err(|error| refused(error, name))?;
        Ok(FlavorDeleteOutcome::Deleted { flavor_name: input.flavor_name })
    }
}

fn shown(context: &RequestContext, layout: &Document, name: &str) -> Flavor {
    let mut pools = layout.pools_of(&context.project_id, name).peekable();
    let capabilities = pools.peek().map(|(_, pool)| pool.capabilities.clone());
    Flavor {
        name: name.to_owned(),
        capabilities: capabilities.unwrap_or_default(),
        pool_list: pools.map(|(name, _)| name.to_owned()).collect(),
    }
}

fn entry(flavor: Flavor, detailed: bool) -> FlavorEntry {
    FlavorEntry {
        name: flavor.name,
        pool_list: Some(flavor.pool_list).filter(|pools| !pools.is_empty()),
        capabilities: detailed.then_some(flavor.capabilities),
    }
}

/// What a flavor without pools is told.
fn without_pools() -> (String, String) {
    ("Unable to create".to_owned(), "Bad Request".to_owned())
}

fn refused(error: ChangeError, flavor: &str) -> ApiError {
    let flavor_name = flavor.to_owned();
    match error {
        ChangeError::Storage(error) => api_error(error),
        ChangeError::Refused(LayoutError::PoolDoesNotExist(pool_name)) => {
            ApiError::FlavorPoolUnknown { flavor_name, pool_name }
        }
        ChangeError::Refused(LayoutError::FlavorDoesNotExist(_)) => {
            ApiError::FlavorDoesNotExist { flavor_name }
        }
        ChangeError::Refused(_) => ApiError::FlavorDoesNotFit { flavor_name },
    }
}
