//! The stages that a binary has.

use std::fmt;
use std::sync::Arc;

use super::Stage;
use super::body_schema::BodySchema;
use super::pipeline::Pipelines;
use crate::config::PipelinesConfig;

/// The stage of the service we match that told subscribers. They are told without it.
const NOTIFIER: &str = "zaqar.notification.notifier";

/// The stages that the configuration can name.
///
/// `Stages::default()` has those of this repository; [`with`](Self::with) adds one. Registering a stage does not put
/// it to work: that is what the pipelines of the configuration do.
#[derive(Clone)]
pub struct Stages {
    registered: Vec<Arc<dyn Stage>>,
}

impl Default for Stages {
    fn default() -> Self {
        Self { registered: vec![Arc::new(BodySchema::default())] }
    }
}

/// Why the pipelines of a configuration cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// No stage of this binary has the name.
    #[error("storage.{option}: no stage is called {name:?}; the nearest is {nearest:?}")]
    NotRegistered {
        /// The option that names it.
        option: &'static str,
        /// The name.
        name: String,
        /// The nearest name that a stage has.
        nearest: String,
    },
    /// One pipeline names a stage twice.
    #[error("storage.{option}: the stage {name:?} is named twice")]
    NamedTwice {
        /// The option.
        option: &'static str,
        /// The name.
        name: String,
    },
    /// Two stages of this binary have one name.
    #[error("two stages are called {0:?}")]
    RegisteredTwice(String),
}

impl Stages {
    /// Adds a stage.
    #[must_use]
    pub fn with(mut self, stage: impl Stage + 'static) -> Self {
        self.registered.push(Arc::new(stage));
        self
    }

    /// The names of all stages, in the order they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.registered.iter().map(|stage| stage.name())
    }

    /// Checks that every pipeline names stages that are there. The notifier of the service we match may be named and
    /// does nothing.
    ///
    /// # Errors
    /// As the variants of [`StageError`] say.
    pub fn check(&self, config: &PipelinesConfig) -> Result<(), StageError> {
        self.pipelines(config).map(drop)
    }

    pub(crate) fn pipelines(&self, config: &PipelinesConfig) -> Result<Pipelines, StageError> {
        for (at, name) in self.names().enumerate() {
            if self.names().take(at).any(|earlier| earlier == name) {
                return Err(StageError::RegisteredTwice(name.to_owned()));
            }
        }
        Ok(Pipelines {
            queue: self.pipeline("queue_pipeline", &config.queue)?,
            message: self.pipeline("message_pipeline", &config.message)?,
            claim: self.pipeline("claim_pipeline", &config.claim)?,
            subscription: self.pipeline("subscription_pipeline", &config.subscription)?,
            topic: self.pipeline("topic_pipeline", &config.topic)?,
        })
    }

    fn pipeline(
        &self,
        option: &'static str,
        names: &[String],
    ) -> Result<Vec<Arc<dyn Stage>>, StageError> {
        let mut pipeline: Vec<Arc<dyn Stage>> = Vec::with_capacity(names.len());
        for name in names.iter().filter(|name| *name != NOTIFIER) {
            let Some(stage) = self.registered.iter().find(|stage| stage.name() == name) else {
                let distance = |each: &&str| strsim::damerau_levenshtein(each, name);
                let nearest = self.names().min_by_key(distance).unwrap_or_default().to_owned();
                return Err(StageError::NotRegistered { option, name: name.clone(), nearest });
            };
            if pipeline.iter().any(|earlier| earlier.name() == name) {
                return Err(StageError::NamedTwice { option, name: name.clone() });
            }
            pipeline.push(Arc::clone(stage));
        }
        Ok(pipeline)
    }
}

impl fmt::Debug for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
