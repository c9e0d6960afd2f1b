//! Commands as bytes: fields one after another, numbers in eight bytes, texts and lists behind their length.

use std::sync::Arc;

use sukkal_storage::{
    AdvanceEntries, Attempt, Body, BodyFormat, ClaimMark, ConfirmSubscription, CreateClaim,
    CreateQueue, CreateSubscription, DeadLetter, DeleteClaim, DeleteMessage, DeleteMessages,
    DeleteQueue, DeleteSubscription, DeliveryKey, EnqueueEntry, EntryKind, EntryProgress,
    EntryStep, FinishTransfers, Kind, LeaseWork, Lifetime, LogAttempts, Message, NewDelivery,
    NewMessage, PlaceQueue, PopMessages, Post, PurgeMessages, PurgeSubscriptions, QueueKey,
    ReceiveTransfers, ReleaseQueue, RenewSubscription, ReplaceLayout, ResumeDeliveries,
    SetSubscriptionState, SettleDeliveries, SettleTransfers, Settlement, SubscriptionState,
    UpdateClaim, UpdateQueue, UpdateSubscription,
};

/// A value that can be written and read again.
pub(crate) trait Code: Sized {
    fn put(&self, out: &mut Vec<u8>);

    /// Reads from the front of `from`; nothing if that is no such value.
    fn take(from: &mut &[u8]) -> Option<Self>;
}

/// Structures, by their fields in the order they are written.
macro_rules! structures {
    ($($type:ident { $($field:ident),+ })+) => {$(
        impl Code for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)+
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Code::take(from)?),+ })
            }
        }
    )+};
}

structures! {
    QueueKey { project, kind, name }
    Body { format, bytes }
    ClaimMark { id, expires_at }
    NewMessage { id, ttl, delay_until, body, checksum, attributes }
    Message {
        id, marker, ttl, created_at, expires_at, delay_until, body, checksum, client_id, claim,
        claim_count, attributes
    }
    Post { queue, generation, messages, client_id, idempotency_key, now }
    DeleteMessage { queue, id, claim_id, now }
    DeleteMessages { queue, ids, claim_ids, now }
    PopMessages { queue, limit, now }
    PurgeMessages { queue, limit, up_to, now }
    DeadLetter { max_claim_count, target, ttl, same_store }
    CreateClaim { queue, id, limit, ttl, grace, dead_letter, now }
    UpdateClaim { queue, id, ttl, grace, now }
    DeleteClaim { queue, id, now }
    ReceiveTransfers { target, generation, messages, now }
    FinishTransfers { source, ids }
    SettleTransfers { target, ids }
    CreateSubscription { queue, id, subscriber, ttl, options, expires_at, is_follower, now }
    Lifetime { ttl, expires_at }
    UpdateSubscription { queue, id, subscriber, lifetime, options, now }
    ConfirmSubscription { queue, id, is_confirmed, now }
    SetSubscriptionState { queue, id, state, now }
    RenewSubscription { queue, id, expected, expires_at }
    DeleteSubscription { queue, id }
    PurgeSubscriptions { queue, limit }
    LeaseWork { queue, lease, limit, max_bytes, until, now }
    DeliveryKey { subscription, entry, index }
    NewDelivery { key, attempts, due_at, lease }
    EntryStep { entry, deliveries, progress }
    AdvanceEntries { queue, lease, steps, now }
    SettleDeliveries { queue, lease, deliveries, now }
    ResumeDeliveries { queue, subscription, limit, now }
    EnqueueEntry { queue, only, kind, messages, client_id, now }
    Attempt { subscription, record }
    LogAttempts { queue, attempts, keep }
    CreateQueue { queue, metadata, generation, pool, now }
    UpdateQueue { queue, revision, metadata }
    DeleteQueue { queue, below, pool }
    ReplaceLayout { revision, text, removed }
    PlaceQueue { queue, pool, revision }
    ReleaseQueue { queue, pool }
}

/// Values that are written as another one.
macro_rules! written_as {
    ($($type:ty => $other:ty: $there:expr, $back:expr;)+) => {$(
        impl Code for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let there: fn(&Self) -> $other = $there;
                there(self).put(out);
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                let back: fn($other) -> Option<Self> = $back;
                back(<$other>::take(from)?)
            }
        }
    )+};
}

written_as! {
    u64 => [u8; 8]: |number| number.to_le_bytes(), |bytes| Some(u64::from_le_bytes(bytes));
    i64 => [u8; 8]: |number| number.to_le_bytes(), |bytes| Some(i64::from_le_bytes(bytes));
    u32 => [u8; 4]: |number| number.to_le_bytes(), |bytes| Some(u32::from_le_bytes(bytes));
    usize => u64: |number| *number as u64, |number| usize::try_from(number).ok();
    u8 => [u8; 1]: |byte| [*byte], |[byte]| Some(byte);
    bool => u8: |truth| u8::from(*truth), |byte| (byte < 2).then_some(byte == 1);
    uuid::Uuid => [u8; 16]: |id| id.into_bytes(), |bytes| Some(Self::from_bytes(bytes));
    bytes::Bytes => Vec<u8>: |bytes| bytes.to_vec(), |bytes| Some(bytes.into());
    String => Vec<u8>: |text| text.clone().into_bytes(), |bytes| Self::from_utf8(bytes).ok();
    Arc<str> => String: |text| text.as_ref().to_owned(), |text| Some(text.into());
    BodyFormat => u8: |format| *format as u8, |number| Self::from_number(number).ok();
    Kind => bool: |kind| *kind == Kind::Topic,
        |topic| Some(if topic { Kind::Topic } else { Kind::Queue });
    EntryKind => u8: |kind| *kind as u8, |number| Self::from_number(number).ok();
    SubscriptionState => u8: |state| *state as u8,
        |number| Self::from_number(number.into());
    EntryProgress => (u8, (Option<uuid::Uuid>, i64)):
        |progress| match *progress {
            Self::Finish => (0, (None, 0)),
            Self::Release { after } => (1, (after, 0)),
            Self::Continue { after, until } => (2, (after, until)),
        },
        |(number, (after, until))| match number {
            0 => Some(Self::Finish),
            1 => Some(Self::Release { after }),
            2 => Some(Self::Continue { after, until }),
            _ => None,
        };
    Settlement => (u8, (u32, i64)):
        |settlement| match *settlement {
            Self::Done => (0, (0, 0)),
            Self::Park { attempts } => (1, (attempts, 0)),
            Self::Retry { attempts, due_at } => (2, (attempts, due_at)),
        },
        |(number, (attempts, due_at))| match number {
            0 => Some(Self::Done),
            1 => Some(Self::Park { attempts }),
            2 => Some(Self::Retry { attempts, due_at }),
            _ => None,
        };
}

impl<const N: usize> Code for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let (taken, rest) = from.split_first_chunk()?;
        *from = rest;
        Some(*taken)
    }
}

impl<T: Code> Code for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        self.iter().for_each(|element| element.put(out));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        (0..usize::take(from)?).map(|_| T::take(from)).collect()
    }
}

impl<T: Code> Code for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        self.iter().for_each(|value| value.put(out));
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        if bool::take(from)? { T::take(from).map(Some) } else { Some(None) }
    }
}

impl<A: Code, B: Code> Code for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}
