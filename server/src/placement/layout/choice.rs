//! Choosing the pool of a new queue.

use std::sync::Arc;

use uuid::Uuid;

use super::{Document, LayoutError, PoolRecord};

impl Document {
    /// The pools that take new queues of a project and flavor, with their weights.
    ///
    /// # Errors
    /// The flavor does not exist; without pools the list is empty.
    pub fn candidates(
        &self,
        project: &str,
        flavor: Option<&str>,
    ) -> Result<Vec<(Arc<str>, u32)>, LayoutError> {
        let weighted = |(name, pool): (&str, &PoolRecord)| (Arc::from(name), pool.weight);
        let mut candidates: Vec<_> = match flavor {
            Some(flavor) if !self.has_flavor(project, flavor) => {
                return Err(LayoutError::FlavorDoesNotExist(flavor.to_owned()));
            }
            Some(flavor) => self.pools_of(project, flavor).map(weighted).collect(),
            None => self.plain_pools().map(weighted).collect(),
        };
        candidates.retain(|(_, weight)| *weight > 0);
        Ok(candidates)
    }
}

/// Takes one of the candidates out, each with a chance as large as its weight.
pub(in crate::placement) fn draw(candidates: &mut Vec<(Arc<str>, u32)>) -> Option<Arc<str>> {
    let sum: u128 = candidates.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let random = Uuid::new_v4().as_u128();
    let mut left = random.checked_rem(sum)?;
    let at = candidates.iter().position(|(_, weight)| {
        let weight = u128::from(*weight);
        let is_here = left < weight;
        left = left.saturating_sub(weight);
        is_here
    })?;
    Some(candidates.remove(at).0)
}
