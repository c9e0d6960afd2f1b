//! Pins the query plan of every statement on a hot path: the index, the terms it is searched by,
//! and that nothing is sorted or scanned.

use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::claims::{ExtendAll, FindClaim, Hold, KeepAll, MessagesOf};
use crate::messages::delete::{DeleteRow, FindMessage, LivingClaim, RemoveIfEmpty};
use crate::messages::free::{
    FreeMessages, MessageAt, PlacesOfEndedClaims, PlacesOfPassedDelays, PlacesOfState,
};
use crate::messages::list::{MessageById, PlaceOf};
use crate::messages::promote::{EndedClaim, FreeClaimed, FreeDelayed};
use crate::messages::purge::PurgeState;
use crate::messages::{post, stats};
use crate::outbox::{advance, attempts, deliveries, lease, read, recover, work};
use crate::queues::FindLog;
use crate::session::{FindQueue, NextClaimEnd, NextDelayEnd, SaveMarker, SaveOutlook};
use crate::statement::Statement;
use crate::{collect, control, outbox, placements, schema, subscriptions, transfers};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan<S: Statement>(connection: &mut SqliteConnection) -> Vec<String> {
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {}", S::TEXT))
        .load(connection)
        .expect("the statement can be prepared");
    steps.into_iter().map(|step| step.detail).collect()
}

macro_rules! plans {
    ($($test:ident: $statement:ty => [$($step:expr),* $(,)?];)*) => {
        $(
            #[test]
            fn $test() {
                let mut connection = SqliteConnection::establish(":memory:").unwrap();
                schema::migrate(&mut connection).unwrap();

                let plan = plan::<$statement>(&mut connection);

                let expected: Vec<&str> = vec![$($step),*];
                assert_eq!(plan, expected);
            }
        )*
    };
}

plans! {
    finds_a_queue_by_its_name: FindQueue<'_> => ["SEARCH queue USING INDEX queue_name (project=? AND kind=? AND name=?)"];
    finds_the_next_claim_end_first_in_its_index: NextClaimEnd => ["SEARCH claim USING COVERING INDEX claim_due (log=?)"];
    finds_the_next_delay_end_first_in_its_index: NextDelayEnd => ["SEARCH message USING COVERING INDEX message_due (log=?)"];
    saves_a_marker_by_key: SaveMarker => ["SEARCH queue USING INTEGER PRIMARY KEY (rowid=?)"];
    finds_a_log_and_what_is_due_by_indexes: FindLog<'_> => ["SEARCH q USING INDEX queue_name (project=? AND kind=? AND name=?)", "CORRELATED SCALAR SUBQUERY 1", "SEARCH c USING COVERING INDEX claim_due (log=? AND expires_at<?)", "CORRELATED SCALAR SUBQUERY 2", "SEARCH d USING COVERING INDEX message_due (log=? AND delay_until<?)"];
    removes_an_expired_twin_by_id: post::RemoveExpired<'_> => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH message USING INDEX message_id (id=? AND log=?)"];
    reads_free_messages_in_order: FreeMessages<'_> => ["SEARCH m USING INDEX message_place (log=? AND state=? AND marker>?)"];
    finds_places_of_a_state_in_order: PlacesOfState<'_> => ["SEARCH message USING INDEX message_place (log=? AND state=? AND marker>?)"];
    sorts_only_ended_claims: PlacesOfEndedClaims<'_> => ["SEARCH c USING COVERING INDEX claim_due (log=? AND expires_at<?)", "SEARCH m USING INDEX message_claim (claim=?)", "USE TEMP B-TREE FOR ORDER BY"];
    sorts_only_passed_delays: PlacesOfPassedDelays<'_> => ["SEARCH message USING INDEX message_due (log=? AND delay_until<?)", "USE TEMP B-TREE FOR ORDER BY"];
    reads_a_message_by_row: MessageAt => ["SEARCH m USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"];
    reads_a_message_by_id: MessageById<'_> => ["SEARCH m USING INDEX message_id (id=? AND log=?)", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"];
    finds_a_place_by_id: PlaceOf<'_> => ["SEARCH message USING INDEX message_id (id=? AND log=?)"];
    finds_a_message_to_delete_by_id: FindMessage<'_> => ["SEARCH m USING INDEX message_id (id=? AND log=?)", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"];
    deletes_a_message_by_row: DeleteRow => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)"];
    removes_an_empty_claim_by_key: RemoveIfEmpty => ["SEARCH claim USING INTEGER PRIMARY KEY (rowid=?)", "SCALAR SUBQUERY 1", "SEARCH message USING COVERING INDEX message_claim (claim=?)"];
    finds_a_living_claim_by_id: LivingClaim<'_> => ["SEARCH claim USING INDEX claim_id (id=? AND log=?)"];
    finds_an_ended_claim_first_in_its_index: EndedClaim => ["SEARCH claim USING COVERING INDEX claim_due (log=? AND expires_at<?)"];
    frees_messages_by_claim: FreeClaimed => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH message USING COVERING INDEX message_claim (claim=?)"];
    frees_passed_delays_by_index: FreeDelayed => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH message USING COVERING INDEX message_due (log=? AND delay_until<?)"];
    purges_a_state_in_order: PurgeState => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH message USING COVERING INDEX message_place (log=? AND state=? AND marker<?)"];
    counts_a_state_without_rows: stats::CountState => ["SEARCH message USING COVERING INDEX message_place (log=? AND state=?)"];
    counts_ended_claims_by_index: stats::CountEnded => ["SEARCH c USING COVERING INDEX claim_due (log=? AND expires_at<?)", "SEARCH m USING INDEX message_claim (claim=?)"];
    finds_the_oldest_of_a_state: stats::OldestOfState => ["SEARCH message USING INDEX message_place (log=? AND state=?)"];
    finds_the_newest_of_a_state: stats::NewestOfState => ["SEARCH message USING INDEX message_place (log=? AND state=?)"];
    finds_a_claim_by_id: FindClaim<'_> => ["SEARCH claim USING INDEX claim_id (id=? AND log=?)"];
    reads_messages_of_a_claim_in_order: MessagesOf => ["SEARCH m USING INDEX message_claim (claim=?)", "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"];
    holds_a_message_by_row: Hold => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)"];
    keeps_messages_by_claim: KeepAll => ["SEARCH message USING INDEX message_claim (claim=?)"];
    extends_messages_by_claim: ExtendAll => ["SEARCH message USING INDEX message_claim (claim=?)"];
    finds_pending_transfers_in_order: transfers::PendingOf<'_> => ["SEARCH q USING INDEX queue_name (project=? AND kind=? AND name=?)", "SEARCH t USING INDEX transfer_log (log=?)"];
    finds_any_pending_transfers_in_order: transfers::PendingAny => ["SCAN t", "SEARCH q USING INDEX queue_log (log=?)"];
    removes_a_transfer_by_id: transfers::RemoveTransfer<'_> => ["SEARCH transfer USING INDEX transfer_id (id=? AND log=?)"];
    finds_a_received_id: transfers::ReceivedAt<'_> => ["SEARCH received USING PRIMARY KEY (queue=? AND id=?)"];
    lists_records_in_order: control::ListRecords<'_> => ["SEARCH record USING INDEX sqlite_autoindex_record_1 (project=? AND kind=? AND name>?)"];
    counts_records_by_project: control::CountRecords<'_> => ["SEARCH record USING COVERING INDEX sqlite_autoindex_record_1 (project=? AND kind=?)"];
    finds_a_record_by_name: control::FindRecord<'_> => ["SEARCH record USING INDEX sqlite_autoindex_record_1 (project=? AND kind=? AND name=?)"];
    collects_expired_messages_in_order: collect::RemoveExpired => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH message USING COVERING INDEX message_expiry (expires_at<?)"];
    collects_ended_claims_in_order: collect::EndedClaim => ["SEARCH claim USING COVERING INDEX claim_expiry (expires_at<?)"];
    collects_messages_of_a_log: collect::RemoveMessages => ["SEARCH message USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH message USING COVERING INDEX message_place (log=?)"];
    collects_claims_of_a_log: collect::RemoveClaims => ["SEARCH claim USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH claim USING COVERING INDEX claim_due (log=?)"];
    collects_transfers_of_a_log: collect::RemoveTransfers => ["SEARCH transfer USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH transfer USING COVERING INDEX transfer_log (log=?)"];
    collects_received_ids_by_age: collect::ForgetReceived => ["SEARCH received USING PRIMARY KEY (queue=? AND id=?)", "LIST SUBQUERY 2", "SEARCH received USING COVERING INDEX received_age (received_at<?)"];
    lists_subscriptions_in_order: subscriptions::rows::LiveFrom<'_> => ["SEARCH q USING COVERING INDEX queue_name (project=? AND kind=? AND name=?)", "SEARCH s USING INDEX subscription_id (queue=? AND id>?)"];
    finds_a_subscription_of_a_queue_by_id: subscriptions::rows::LiveOf<'_> => ["SEARCH q USING COVERING INDEX queue_name (project=? AND kind=? AND name=?)", "SEARCH s USING INDEX subscription_id (queue=? AND id=?)"];
    finds_a_subscription_by_id: subscriptions::rows::LiveById<'_> => ["SEARCH s USING INDEX subscription_id (queue=? AND id=?)"];
    finds_a_subscription_by_its_subscriber: subscriptions::LiveBySubscriber<'_> => ["SEARCH subscription USING INDEX subscription_subscriber (queue=? AND subscriber=?)"];
    changes_a_subscription_by_key: subscriptions::ChangeSubscription<'_> => ["SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)"];
    confirms_a_subscription_by_key: subscriptions::Confirm => ["SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)"];
    removes_a_subscription_by_id: subscriptions::RemoveSubscription<'_> => ["SEARCH subscription USING INDEX subscription_id (queue=? AND id=?)"];
    purges_subscriptions_in_order: subscriptions::PurgeSome => ["SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH subscription USING COVERING INDEX subscription_id (queue=?)"];
    collects_ended_subscriptions_in_order: subscriptions::RemoveEnded => ["SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH subscription USING COVERING INDEX subscription_expiry (expires_at<?)"];
    finds_a_place_of_a_queue_by_name: placements::FindPlace<'_> => ["SEARCH place USING PRIMARY KEY (project=? AND kind=? AND name=?)"];
    removes_a_place_by_name: placements::RemovePlace<'_> => ["SEARCH place USING PRIMARY KEY (project=? AND kind=? AND name=?)"];
    finds_any_place_in_a_pool: placements::AnyPlaceIn<'_> => ["SEARCH place USING COVERING INDEX place_pool (pool=?)"];
    counts_places_in_a_pool_without_rows: placements::CountPlaces<'_> => ["SEARCH place USING COVERING INDEX place_pool (pool=?)"];
    saves_an_outlook_by_key: SaveOutlook => ["SEARCH queue USING INTEGER PRIMARY KEY (rowid=?)"];
    lists_told_subscriptions_in_order: subscriptions::rows::ToldFrom<'_> => ["SEARCH q USING COVERING INDEX queue_name (project=? AND kind=? AND name=?)", "SEARCH s USING INDEX subscription_worker (queue=? AND id>?)"];
    changes_a_state_by_key: subscriptions::SetState => ["SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)"];
    renews_a_subscription_by_key: subscriptions::renew::EndAt => ["SEARCH subscription USING INTEGER PRIMARY KEY (rowid=?)"];
    finds_the_last_told_subscription_last_in_its_index: subscriptions::told::LastTold => ["SEARCH subscription USING COVERING INDEX subscription_told (queue=?)"];
    finds_the_first_free_entry_in_its_index: work::FirstFree => ["SEARCH outbox USING COVERING INDEX outbox_open (log=?)"];
    finds_the_first_due_delivery_in_its_index: work::FirstDue => ["SEARCH delivery USING COVERING INDEX delivery_due (log=? AND due_at>?)"];
    frees_ended_leases_by_index: lease::FreeEnded => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH outbox USING COVERING INDEX outbox_open (log=? AND lease_until>? AND lease_until<?)"];
    reads_free_entries_in_order: lease::FreeEntries => ["SEARCH o USING INDEX outbox_open (log=? AND lease_until=?)"];
    leases_an_entry_by_key: lease::TakeEntry<'_> => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    closes_an_entry_by_key: lease::CloseEntry => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    removes_an_entry_by_key: lease::RemoveEntry => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    finds_an_open_entry_by_place: advance::FindOpen => ["SEARCH outbox USING INDEX outbox_place (log=? AND marker=?)"];
    reads_the_messages_of_an_entry_by_key: advance::MessagesOf => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    moves_an_entry_on_by_key: advance::MoveOn<'_> => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    finishes_an_entry_by_key: advance::Finish => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    counts_down_by_key: advance::CountDown => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    removes_an_entry_that_is_over_by_key: advance::RemoveIfOver => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)"];
    reads_due_deliveries_in_order: deliveries::DueDeliveries => ["SEARCH d USING INDEX delivery_due (log=? AND due_at<?)", "SEARCH o USING INTEGER PRIMARY KEY (rowid=?)"];
    leases_a_delivery_by_key: deliveries::TakeDelivery<'_> => ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"];
    finds_a_delivery_by_name: deliveries::FindDelivery<'_> => ["SEARCH delivery USING INDEX delivery_of (log=? AND subscription=? AND marker=? AND place=?)"];
    puts_a_delivery_back_by_key: deliveries::PutBack => ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"];
    removes_a_delivery_by_key: deliveries::RemoveDelivery => ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"];
    finds_parked_deliveries_in_order: deliveries::ParkedOf<'_> => ["SEARCH delivery USING INDEX delivery_parked (log=? AND subscription=?)"];
    makes_a_delivery_due_by_key: deliveries::Unpark => ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"];
    finds_ready_queues_in_order: read::ReadyFirst => ["SEARCH queue USING INDEX queue_work (work_at<?)"];
    reads_posts_in_order: read::PostsFrom<'_> => ["SEARCH q USING INDEX queue_name (project=? AND kind=? AND name=?)", "SEARCH o USING INDEX outbox_place (log=? AND marker>?)"];
    finds_the_oldest_open_entry_in_order: read::OldestOpen => ["CO-ROUTINE o", "SCAN outbox USING COVERING INDEX outbox_age", "SCAN o", "SEARCH q USING COVERING INDEX queue_log (log=?)"];
    finds_the_first_delivery_in_order: read::FirstDelivery => ["CO-ROUTINE d", "SEARCH delivery USING COVERING INDEX delivery_age (due_at>?)", "SCAN d", "SEARCH q USING COVERING INDEX queue_log (log=?)"];
    finds_the_row_of_a_subscription: attempts::SubscriptionKey<'_> => ["SEARCH subscription USING COVERING INDEX subscription_id (queue=? AND id=?)"];
    finds_the_last_attempt_last_in_its_index: attempts::LastAttempt => ["SEARCH attempt USING PRIMARY KEY (subscription=?)"];
    forgets_attempts_by_number: attempts::ForgetAttempts => ["SEARCH attempt USING PRIMARY KEY (subscription=? AND number<?)"];
    reads_the_newest_attempts_in_order: attempts::NewestAttempts<'_> => ["SEARCH q USING COVERING INDEX queue_name (project=? AND kind=? AND name=?)", "SEARCH s USING COVERING INDEX subscription_id (queue=? AND id=?)", "SEARCH a USING PRIMARY KEY (subscription=?)"];
    collects_parked_deliveries_in_order: outbox::collect::EndedParked => ["SEARCH d USING INDEX delivery_parked_end (ends_at<?)", "SEARCH q USING INDEX queue_log (log=?) LEFT-JOIN"];
    collects_kept_entries_in_order: outbox::collect::RemoveKept => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH outbox USING COVERING INDEX outbox_kept (posted_at<?)"];
    collects_attempts_of_a_subscription: outbox::collect::RemoveAttempts => ["SEARCH attempt USING PRIMARY KEY (subscription=? AND number=?)", "LIST SUBQUERY 1", "SEARCH attempt USING PRIMARY KEY (subscription=?)"];
    collects_entries_of_a_log: outbox::collect::RemoveEntries => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH outbox USING COVERING INDEX outbox_place (log=?)"];
    collects_deliveries_of_a_log: outbox::collect::RemoveDeliveries => ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH delivery USING COVERING INDEX delivery_of (log=?)"];
    finds_queues_with_leased_work_by_index: recover::ReadyNow => ["SEARCH queue USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 3", "SEARCH q USING INDEX queue_work (work_at>?)", "CORRELATED SCALAR SUBQUERY 1", "SEARCH o USING COVERING INDEX outbox_open (log=?)", "CORRELATED SCALAR SUBQUERY 2", "SEARCH d USING INDEX delivery_leased (log=?)"];
    finds_leased_entries_of_queues_with_work: recover::FreeLeased => ["SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SEARCH q USING INDEX queue_work (work_at>?)", "SEARCH o USING COVERING INDEX outbox_open (log=? AND lease_until>?)"];
    finds_leased_deliveries_by_index: recover::DueLeased => ["SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)", "LIST SUBQUERY 1", "SCAN delivery USING INDEX delivery_leased"];
}
