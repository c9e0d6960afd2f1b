//! The service itself: versions, home document, ping, health, and who calls.

use bytes::Bytes;
use sukkal_spec::raw::Raw;
use sukkal_spec::{
    ApiError, AuthenticateInput, AuthenticateOutcome, HealthInput, HealthOutcome, HomeInput,
    HomeOutcome, NodeApi, PingInput, PingOutcome, RequestContext, VersionsInput, VersionsOutcome,
    WebhookKeysInput, WebhookKeysOutcome,
};

use super::Controller;
use crate::error::api_error;
use crate::health;

impl NodeApi for Controller {
    async fn versions(
        &self,
        _: &RequestContext,
        _: VersionsInput,
    ) -> Result<VersionsOutcome, ApiError> {
        Ok(VersionsOutcome::Listed {})
    }

    async fn home(&self, _: &RequestContext, _: HomeInput) -> Result<HomeOutcome, ApiError> {
        Ok(if self.admin_mode {
            HomeOutcome::DescribedToOperators {}
        } else {
            HomeOutcome::Described {}
        })
    }

    async fn ping(&self, _: &RequestContext, _: PingInput) -> Result<PingOutcome, ApiError> {
        self.placement.main().data.ping().await.map_err(api_error)?;
        Ok(PingOutcome::Alive {})
    }
    async fn health(&self, _: &RequestContext, _: HealthInput) -> Result<HealthOutcome, ApiError> {
        let report = health::report(&self.placement).await;
        Ok(HealthOutcome::Reported { report: Raw::from_trusted(Bytes::from(report.to_string())) })
    }

    async fn webhook_keys(
        &self,
        _: &RequestContext,
        _: WebhookKeysInput,
    ) -> Result<WebhookKeysOutcome, ApiError> {
        let keys = Bytes::from(self.webhook_keys.public().to_string());
        Ok(WebhookKeysOutcome::Listed { keys: Raw::from_trusted(keys) })
    }

    /// Without authentication there is nothing to check: what a frame says of its caller is believed.
    async fn authenticate(
        &self,
        _: &RequestContext,
        _: AuthenticateInput,
    ) -> Result<AuthenticateOutcome, ApiError> {
        Ok(AuthenticateOutcome::Authenticated {})
    }
}
