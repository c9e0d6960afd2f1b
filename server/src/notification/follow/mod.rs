//! Sockets that are subscribed: they are told by the server they are connected to, which follows the outbox of
//! their queues.
//!
//! One reader serves all sockets of a queue. It reads when a post is announced, and once a second it asks for the
//! heads of all queues at once, since an announcement of another server may be lost. What it reads waits in the
//! bounded line of each socket, so that nobody waits for anybody else.

mod catch_up;
mod cursor;
mod followed;
mod lease;
mod push;
mod reader;
mod renewal;
mod socket;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use sukkal_storage::{
    CreateSubscription, DataDriver, DeleteSubscription, Marker, QueueKey, Result, SubscriptionId,
};
use tokio::sync::Semaphore;

pub(crate) use lease::Lease;
pub(crate) use push::Push;
pub(crate) use socket::Socket;

use crate::encryption::KeyRing;
use crate::placement::Placement;
use crate::shutdown::Shutdown;
use cursor::Tag;
use followed::{Followed, Member, Phase};
use push::Form;

/// How many queues are read at the same time.
const READS_AT_ONCE: usize = 32;
/// How many subscriptions are deleted at the same time when a connection closes.
const DELETES_AT_ONCE: usize = 16;

/// What bounds a socket.
#[derive(Clone, Copy, Debug)]
pub struct SocketBounds {
    /// How many bytes may wait to be sent.
    pub waiting_bytes: usize,
    /// How many subscriptions it may have.
    pub subscriptions: usize,
}

/// Keeps the subscriptions of open sockets, and tells them what is posted. Cheap to clone.
#[derive(Clone)]
pub struct Followers(Arc<Inner>);

struct Inner {
    placement: Placement,
    keys: Arc<KeyRing>,
    bounds: SocketBounds,
    shutdown: Shutdown,
    sockets: Mutex<HashMap<Arc<str>, Arc<Socket>>>,
    queues: Mutex<HashMap<QueueKey, Arc<Followed>>>,
    reads: Semaphore,
}

/// Where a subscription begins.
pub(crate) struct Beginning {
    store: Arc<dyn DataDriver>,
    /// The head of the queue.
    head: Marker,
    /// What lies up to here it does not get.
    after: Marker,
    tag: Tag,
}

/// Why a socket cannot be subscribed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotBegin {
    /// It has as many subscriptions as it may have.
    #[error("the connection has {0} subscriptions, more are not allowed")]
    TooMany(usize),
    /// The cursor is none, or none of this queue.
    #[error("this is no cursor of the queue")]
    NoCursor,
    /// The store does not say where the queue ends.
    #[error(transparent)]
    Storage(#[from] sukkal_storage::StorageError),
}

impl Beginning {
    /// The cursor that names it.
    pub(crate) fn cursor(&self) -> String {
        self.tag.cursor(self.after)
    }
}

impl Followers {
    /// Follows nothing yet.
    pub fn new(
        placement: Placement,
        keys: Arc<KeyRing>,
        bounds: SocketBounds,
        shutdown: Shutdown,
    ) -> Self {
        Self(Arc::new(Inner {
            placement,
            keys,
            bounds,
            shutdown,
            sockets: Mutex::default(),
            queues: Mutex::default(),
            reads: Semaphore::new(READS_AT_ONCE),
        }))
    }

    /// Starts what works until the server stops.
    pub fn work(&self) {
        let shutdown = &self.0.shutdown;
        let closing = shutdown.closing();
        let (listening, looking, renewing) = (self.clone(), self.clone(), self.clone());
        let tasks = [closing.clone(), closing.clone(), closing.clone()];
        let [one, two, three] = tasks;
        shutdown.spawn(async move {
            let _: Option<()> = one.run_until_cancelled(listening.listen()).await;
        });
        shutdown.spawn(async move {
            let _: Option<()> = two.run_until_cancelled(looking.keep_looking()).await;
        });
        shutdown.spawn(async move {
            let _: Option<()> = three.run_until_cancelled(renewing.keep_renewing()).await;
        });
    }

    /// Takes in a new socket.
    pub(crate) fn connect(&self) -> Arc<Socket> {
        let socket = Socket::new(self.0.bounds.waiting_bytes);
        self.sockets().insert(Arc::clone(socket.address()), Arc::clone(&socket));
        socket
    }

    /// Deletes the subscriptions of a socket that closes. Those that cannot be deleted end by themselves.
    pub(crate) async fn release(&self, socket: &Socket) {
        self.sockets().remove(&**socket.address());
        stream::iter(socket.close())
            .for_each_concurrent(DELETES_AT_ONCE, |(queue, id)| async move {
                self.leave(&queue, id);
                if let Err(error) = self.delete(queue, id).await {
                    tracing::debug!(%error, "the subscription of a closed connection is left to end");
                }
            })
            .await;
    }

    /// Finds out where a subscription begins that is made now: with what is posted from now on, or after a cursor.
    /// A cursor of a queue whose messages are all newer is taken as one before them.
    pub(crate) async fn begin(
        &self,
        address: &str,
        queue: &QueueKey,
        cursor: Option<&str>,
    ) -> std::result::Result<Beginning, CannotBegin> {
        let most = self.0.bounds.subscriptions;
        let socket = self.sockets().get(address).cloned();
        if socket.is_some_and(|socket| socket.subscriptions() >= most) {
            return Err(CannotBegin::TooMany(most));
        }
        let tag = Tag::of(queue);
        let given = match cursor {
            None => None,
            Some(cursor) => Some(tag.place(cursor).ok_or(CannotBegin::NoCursor)?),
        };
        let store = self.0.placement.data(queue).await?;
        let heads = store.outbox().heads(std::slice::from_ref(queue)).await?;
        let head = heads.first().copied().unwrap_or_default();
        let after = match given {
            None => head,
            Some(given) if given > head => 0,
            Some(given) => given,
        };
        Ok(Beginning { store, head, after, tag })
    }

    /// Tells a socket what is posted from its beginning on. The row of the subscription is there already.
    pub(crate) async fn join(
        &self,
        address: &str,
        row: CreateSubscription,
        lease: Lease,
        (beginning, with_cursor): (Beginning, bool),
    ) {
        let socket = self.sockets().get(address).cloned();
        let is_there = socket.as_ref().is_some_and(|socket| socket.join(&row.queue, row.id));
        let Some(socket) = socket.filter(|_| is_there) else {
            // The connection closed while it was subscribed.
            let _ = self.delete(row.queue, row.id).await;
            return;
        };
        let Beginning { store, head, after, .. } = beginning;
        let (form, id) = (Form::new(&row.options, with_cursor), row.id);
        let followed = {
            let mut queues = self.queues();
            let followed = queues
                .entry(row.queue.clone())
                .or_insert_with(|| Followed::new(row.queue.clone(), store, head));
            let mut state = followed.state();
            let is_behind = after < head;
            let (sent, phase) = if is_behind {
                (after, Phase::CatchingUp(None))
            } else {
                (head.max(state.position), Phase::Live)
            };
            state.members.push(Member { socket, lease, form, sent, phase });
            Arc::clone(followed)
        };
        if after < head {
            self.catch_up(&followed, id);
        }
        // Something may have been posted since the head was read.
        self.wake(&followed);
    }

    /// Looks again at the row of a subscription that somebody changed.
    pub(crate) async fn has_changed(&self, queue: &QueueKey, id: SubscriptionId) {
        let Some(followed) = self.queues().get(queue).cloned() else { return };
        if followed.state().member(id).is_some() {
            self.renew(&[(followed, id)]).await;
        }
    }

    /// Forgets a subscription that was deleted.
    pub(crate) fn was_deleted(&self, queue: &QueueKey, id: SubscriptionId) {
        self.leave(queue, id);
    }

    /// Forgets all subscriptions of a queue.
    pub(crate) fn were_deleted(&self, queue: &QueueKey) {
        let Some(followed) = self.queues().remove(queue) else { return };
        for member in std::mem::take(&mut followed.state().members) {
            member.socket.leave(member.lease.id);
        }
    }

    /// Takes a subscription out of its queue, and out of its socket.
    fn leave(&self, queue: &QueueKey, id: SubscriptionId) {
        let mut queues = self.queues();
        let Some(followed) = queues.get(queue) else { return };
        let (member, is_empty) = followed.remove(id);
        if is_empty {
            queues.remove(queue);
        }
        drop(queues);
        if let Some(member) = member {
            member.socket.leave(id);
        }
    }

    async fn delete(&self, queue: QueueKey, id: SubscriptionId) -> Result<()> {
        let store = self.0.placement.data(&queue).await?;
        store.subscriptions().delete(DeleteSubscription { queue, id }).await
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Socket>>> {
        self.0.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<QueueKey, Arc<Followed>>> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
