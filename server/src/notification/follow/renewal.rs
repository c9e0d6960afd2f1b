//! Keeping the rows of subscriptions alive, many at a time, and following what others change in them.

use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{
    CreatedSubscription, DataDriver, Millis, RenewSubscription, Result, Subscription,
    SubscriptionId,
};

use super::Followers;
use super::followed::{Followed, Phase};
use super::reader::grouped;

/// How often those are looked for that are due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many rows are renewed at once.
const AT_ONCE: usize = 500;

/// A subscription of a queue.
pub(super) type Place = (Arc<Followed>, SubscriptionId);

/// What is to be done after a row was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Nothing.
    Keep,
    /// Give it the end that it is to have now, since somebody gave it another one.
    Set,
    /// Let it live until this end: it belongs to somebody else now.
    HandOver(Millis),
}

impl Followers {
    /// Renews what is due.
    pub(super) async fn keep_renewing(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.renew_due().await;
        }
    }

    /// Renews those rows that are due.
    pub(super) async fn renew_due(&self) {
        let now = self.0.placement.now();
        let queues: Vec<Arc<Followed>> = self.queues().values().cloned().collect();
        let mut due: Vec<Place> = Vec::new();
        for followed in queues {
            let state = followed.state();
            let ids = state.members.iter().map(|member| &member.lease);
            let ids: Vec<_> = ids.filter(|lease| lease.is_due(now)).map(|lease| lease.id).collect();
            drop(state);
            due.extend(ids.into_iter().map(|id| (Arc::clone(&followed), id)));
        }
        self.renew(&due).await;
    }

    /// Renews these rows, and does what each then needs.
    pub(super) async fn renew(&self, places: &[Place]) {
        let mut placed = Vec::with_capacity(places.len());
        for (followed, id) in places {
            let Ok(store) = self.0.placement.data(&followed.key).await else { continue };
            followed.state().lies_in(&store);
            placed.push((store, (Arc::clone(followed), *id)));
        }
        for (store, places) in grouped(placed) {
            for some in places.chunks(AT_ONCE) {
                if let Err(error) = self.renew_some(&*store, some).await {
                    tracing::warn!(%error, "the subscriptions of connections are not renewed");
                }
            }
        }
    }

    async fn renew_some(&self, store: &dyn DataDriver, places: &[Place]) -> Result<()> {
        let now = self.0.placement.now();
        let (mut known, mut commands) = (Vec::new(), Vec::new());
        for place in places {
            let Some((expected, expires_at)) = ends(place, now) else { continue };
            known.push(place);
            commands.push(command(place, expected, expires_at));
        }
        let asked: Vec<Millis> = commands.iter().map(|command| command.expires_at).collect();
        let rows = store.subscriptions().renew(commands, now).await?;
        let mut later = Vec::new();
        for ((place, row), renewed_to) in known.into_iter().zip(rows).zip(asked) {
            let Some(row) = row else {
                self.was_not_there(store, place, now).await?;
                continue;
            };
            match self.follow_row(place, &row, renewed_to, now) {
                Then::Keep => {}
                Then::Set => {
                    later.extend(
                        ends(place, now).map(|(is, to)| (Some(place), command(place, is, to))),
                    );
                }
                Then::HandOver(end) => {
                    self.leave(&place.0.key, place.1);
                    later.push((None, command(place, row.expires_at, end)));
                }
            }
        }
        if later.is_empty() {
            return Ok(());
        }
        let (places, commands): (Vec<_>, Vec<_>) = later.into_iter().unzip();
        let asked: Vec<Millis> = commands.iter().map(|command| command.expires_at).collect();
        let rows = store.subscriptions().renew(commands, now).await?;
        for ((place, row), renewed_to) in places.into_iter().zip(rows).zip(asked) {
            if let (Some(place), Some(row)) = (place, row) {
                // Changed once more: the next renewal sees it.
                self.follow_row(place, &row, renewed_to, now);
            }
        }
        Ok(())
    }

    /// Takes over what a row says.
    fn follow_row(
        &self,
        place: &Place,
        row: &Subscription,
        renewed_to: Millis,
        now: Millis,
    ) -> Then {
        let mut state = place.0.state();
        let Some(member) = state.member(place.1) else { return Then::Keep };
        let catches_up = member.follow(row);
        let is_changed = member.lease.follow(row, renewed_to, now);
        if row.subscriber != **member.socket.address() {
            return Then::HandOver(member.lease.ends());
        }
        let then = if is_changed { Then::Set } else { Then::Keep };
        drop(state);
        if catches_up {
            self.catch_up(&place.0, place.1);
        }
        then
    }

    /// Makes a row again that ended because it could not be renewed in time; otherwise somebody deleted it, or it is
    /// over.
    async fn was_not_there(
        &self,
        store: &dyn DataDriver,
        place: &Place,
        now: Millis,
    ) -> Result<()> {
        let (followed, id) = place;
        let row = {
            let mut state = followed.state();
            let Some(member) = state.member(*id) else { return Ok(()) };
            let address = Arc::clone(member.socket.address());
            let has_lapsed = member.lease.has_lapsed(now);
            has_lapsed.then(|| member.lease.revived(&followed.key, &address, now))
        };
        let Some(row) = row else {
            self.leave(&followed.key, *id);
            return Ok(());
        };
        if store.subscriptions().create(row).await? != CreatedSubscription::Created {
            self.leave(&followed.key, *id);
            return Ok(());
        }
        // Nothing was kept for it while it had no row, except in the queue.
        let catches_up = {
            let mut state = followed.state();
            state.member(*id).is_some_and(|member| {
                let is_live = matches!(member.phase, Phase::Live);
                if is_live {
                    member.phase = Phase::CatchingUp(None);
                }
                is_live
            })
        };
        if catches_up {
            self.catch_up(followed, *id);
        }
        Ok(())
    }
}

/// When a row ends as far as known, and when it is to end.
fn ends(place: &Place, now: Millis) -> Option<(Millis, Millis)> {
    let mut state = place.0.state();
    state.member(place.1).map(|member| member.lease.renewal(now))
}

fn command(place: &Place, expected: Millis, expires_at: Millis) -> RenewSubscription {
    RenewSubscription { queue: place.0.key.clone(), id: place.1, expected, expires_at }
}
