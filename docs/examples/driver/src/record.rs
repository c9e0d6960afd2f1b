//! The commands as the file has them, and how they take effect.

use sukkal_storage::{
    AdvanceEntries, ConfirmSubscription, CreateClaim, CreateQueue, CreateSubscription, DeleteClaim,
    DeleteMessage, DeleteMessages, DeleteQueue, DeleteSubscription, EnqueueEntry, FinishTransfers,
    Generation, LeaseWork, LogAttempts, Millis, PlaceQueue, PopMessages, Post, PurgeMessages,
    PurgeSubscriptions, QueueKey, ReceiveTransfers, ReleaseQueue, RenewSubscription, ReplaceLayout,
    ResumeDeliveries, SetSubscriptionState, SettleDeliveries, SettleTransfers, Store, UpdateClaim,
    UpdateQueue, UpdateSubscription,
};

use crate::code::Code;

/// Every command, with the number it has in the file.
macro_rules! records {
    ($($number:literal $name:ident($command:ty),)+) => {
        /// Every command that changes something.
        pub(crate) enum Record {
            $($name($command),)+
        }

        impl Code for Record {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(command) => {
                        out.push($number);
                        command.put(out);
                    })+
                }
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                match u8::take(from)? {
                    $($number => <$command>::take(from).map(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

records! {
    1 Seal(QueueKey),
    2 Unseal((QueueKey, Generation)),
    3 Post(Post),
    4 DeleteMessage(DeleteMessage),
    5 DeleteMessages(DeleteMessages),
    6 Pop(PopMessages),
    7 Purge(PurgeMessages),
    8 CreateClaim(CreateClaim),
    9 UpdateClaim(UpdateClaim),
    10 DeleteClaim(DeleteClaim),
    11 Receive(ReceiveTransfers),
    12 Finish(FinishTransfers),
    13 Settle(SettleTransfers),
    14 CreateSubscription(CreateSubscription),
    15 UpdateSubscription(UpdateSubscription),
    16 ConfirmSubscription(ConfirmSubscription),
    17 DeleteSubscription(DeleteSubscription),
    18 PurgeSubscriptions(PurgeSubscriptions),
    19 CreateQueue(CreateQueue),
    20 UpdateQueue(UpdateQueue),
    21 DeleteQueue(DeleteQueue),
    22 ReplaceLayout(ReplaceLayout),
    23 Place(PlaceQueue),
    24 Release(ReleaseQueue),
    25 SetState(SetSubscriptionState),
    26 Renew((Vec<RenewSubscription>, Millis)),
    27 LeaseEntries(LeaseWork),
    28 Advance(AdvanceEntries),
    29 LeaseDeliveries(LeaseWork),
    30 SettleDeliveries(SettleDeliveries),
    31 Resume(ResumeDeliveries),
    32 Enqueue(EnqueueEntry),
    33 Log(LogAttempts),
    34 Collect((Millis, usize)),
}

impl Record {
    /// Runs the command. What it returns was told to whoever gave it; a refusal is refused again.
    pub(crate) async fn run(self, store: &Store) {
        let data = &store.data;
        let (queues, places) = (store.control.queues(), store.control.placements());
        match self {
            Self::Seal(queue) => drop(data.queues().seal(&queue).await),
            Self::Unseal((queue, at)) => drop(data.queues().unseal(&queue, at).await),
            Self::Post(command) => drop(data.messages().post(command).await),
            Self::DeleteMessage(command) => drop(data.messages().delete(command).await),
            Self::DeleteMessages(command) => drop(data.messages().delete_many(command).await),
            Self::Pop(command) => drop(data.messages().pop(command).await),
            Self::Purge(command) => drop(data.messages().purge(command).await),
            Self::CreateClaim(command) => drop(data.claims().create(command).await),
            Self::UpdateClaim(command) => drop(data.claims().update(command).await),
            Self::DeleteClaim(command) => drop(data.claims().delete(command).await),
            Self::Receive(command) => drop(data.transfers().receive(command).await),
            Self::Finish(command) => drop(data.transfers().finish(command).await),
            Self::Settle(command) => drop(data.transfers().settle(command).await),
            Self::CreateSubscription(command) => drop(data.subscriptions().create(command).await),
            Self::UpdateSubscription(command) => drop(data.subscriptions().update(command).await),
            Self::ConfirmSubscription(command) => drop(data.subscriptions().confirm(command).await),
            Self::DeleteSubscription(command) => drop(data.subscriptions().delete(command).await),
            Self::PurgeSubscriptions(command) => drop(data.subscriptions().purge(command).await),
            Self::CreateQueue(command) => drop(queues.create(command).await),
            Self::UpdateQueue(command) => drop(queues.update(command).await),
            Self::DeleteQueue(command) => drop(queues.delete(command).await),
            Self::ReplaceLayout(command) => drop(places.replace_layout(command).await),
            Self::Place(command) => drop(places.place(command).await),
            Self::Release(command) => drop(places.release(command).await),
            Self::SetState(command) => drop(data.subscriptions().set_state(command).await),
            Self::Renew((all, now)) => drop(data.subscriptions().renew(all, now).await),
            Self::LeaseEntries(command) => drop(data.outbox().lease_entries(command).await),
            Self::Advance(command) => drop(data.outbox().advance(command).await),
            Self::LeaseDeliveries(command) => drop(data.outbox().lease_deliveries(command).await),
            Self::SettleDeliveries(command) => drop(data.outbox().settle(command).await),
            Self::Resume(command) => drop(data.outbox().resume(command).await),
            Self::Enqueue(command) => drop(data.outbox().enqueue(command).await),
            Self::Log(command) => drop(data.outbox().log(command).await),
            Self::Collect((now, budget)) => drop(data.collect(now, budget).await),
        }
    }
}
