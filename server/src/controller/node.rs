//! The service itself: versions, home document, ping.

use sukkal_spec::{
    ApiError, HomeInput, HomeOutcome, NodeApi, PingInput, PingOutcome, RequestContext,
    VersionsInput, VersionsOutcome,
};

use super::Controller;
use crate::error::api_error;

impl NodeApi for Controller {
    async fn versions(
        &self,
        _: &RequestContext,
        _: VersionsInput,
    ) -> Result<VersionsOutcome, ApiError> {
        Ok(VersionsOutcome::Listed {})
    }

    async fn home(&self, _: &RequestContext, _: HomeInput) -> Result<HomeOutcome, ApiError> {
        Ok(HomeOutcome::Described {})
    }

    async fn ping(&self, _: &RequestContext, _: PingInput) -> Result<PingOutcome, ApiError> {
        self.placement.main().data.ping().await.map_err(api_error)?;
        Ok(PingOutcome::Alive {})
    }
}
