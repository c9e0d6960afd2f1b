//! Subscriptions: followers, whether a subscriber is told, and renewals in bulk.

use sukkal_storage::{
    CreateSubscription, Lifetime, ListSubscriptions, Millis, RenewSubscription, Subscription,
    SubscriptionId, SubscriptionState, UpdateSubscription,
};
use uuid::Uuid;

use crate::bench::{Bench, SECOND};
use crate::case::{assert_refused, cases};
use crate::outbox::Outbox;
use crate::subscriber::Subscriptions;

cases! {
    [] => {
        a_new_subscription_is_active_and_no_follower,
        a_follower_is_read_as_one,
        another_subscriber_in_the_place_of_a_follower_is_told,
        a_list_leaves_followers_out_unless_asked_for,
        a_state_is_set_and_nothing_else,
        an_update_leaves_the_state_alone,
        another_subscriber_is_active,
        the_state_of_an_unknown_subscription_is_refused,
        renewals_are_answered_in_their_order,
        a_renewal_changes_only_the_end,
        a_renewal_that_expected_another_end_changes_nothing,
        a_renewed_subscription_lives_until_its_new_end,
        renewals_of_what_is_gone_are_told,
        renewals_may_be_of_many_queues,
        many_subscriptions_are_renewed_at_once,
    }
}

async fn a_new_subscription_is_active_and_no_follower(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let found = subscriptions.get(subscriptions.subscribe("http://a").await).await;

    assert_eq!((found.state, found.is_follower), (SubscriptionState::Active, false));
}

async fn a_follower_is_read_as_one(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let id = outbox.follow("ws://a", 60).await;
    let found = outbox.subscriptions.get(id).await;

    assert!(found.is_follower);
    assert_eq!((&*found.subscriber, found.ttl), ("ws://a", 60));
}

async fn another_subscriber_in_the_place_of_a_follower_is_told(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let id = outbox.follow("ws://a", 60).await;
    outbox.post(&["before"], outbox.start).await;
    outbox.subscriptions.hand_over(id, "http://b").await.expect("it gets another subscriber");
    outbox.post(&["after"], outbox.start).await;

    assert!(!outbox.subscriptions.get(id).await.is_follower);
    assert_eq!(outbox.leasable(outbox.start).await, ["after"]);
}

async fn a_list_leaves_followers_out_unless_asked_for(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let first = outbox.follow("ws://a", 60).await;
    let second = outbox.subscriptions.subscribe("http://a").await;
    let third = outbox.follow("ws://b", 60).await;
    let fourth = outbox.subscriptions.subscribe("http://b").await;
    let list = async |after, limit, include_followers| {
        let (queue, now) = (outbox.queue.key.clone(), outbox.start);
        let query = ListSubscriptions { queue, after, limit, include_followers, now };
        let page = outbox.subscriptions.store().list(query).await.expect("a page is read");
        page.iter().map(|each| each.id).collect::<Vec<SubscriptionId>>()
    };

    assert_eq!(list(None, 10, true).await, [first, second, third, fourth]);
    assert_eq!(list(None, 10, false).await, [second, fourth]);
    assert_eq!(list(None, 1, false).await, [second]);
    assert_eq!(list(Some(first), 2, false).await, [second, fourth], "pages are cut afterwards");
    assert_eq!(list(Some(second), 1, false).await, [fourth]);
}

async fn a_state_is_set_and_nothing_else(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    subscriptions.confirm(id, true).await.expect("the word is noted");
    let before = subscriptions.get(id).await;

    for state in [SubscriptionState::Paused, SubscriptionState::Disabled, SubscriptionState::Active]
    {
        subscriptions.set_state(id, state).await.expect("the state is set");
        let expected = Subscription { state, ..before.clone() };
        assert_eq!(subscriptions.get(id).await, expected);
        assert_eq!(subscriptions.all(subscriptions.start).await, [expected]);
    }
}

async fn an_update_leaves_the_state_alone(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    subscriptions.set_state(id, SubscriptionState::Paused).await.expect("the state is set");

    subscriptions.renew(id, 900).await.expect("the lifetime is changed");
    subscriptions.hand_over(id, "http://a").await.expect("it is the same subscriber");
    subscriptions.confirm(id, true).await.expect("the word is noted");

    assert_eq!(subscriptions.get(id).await.state, SubscriptionState::Paused);
}

async fn another_subscriber_is_active(bench: Bench) {
    for state in [SubscriptionState::Paused, SubscriptionState::Disabled] {
        let subscriptions = Subscriptions::new(&bench);
        let id = subscriptions.subscribe("http://a").await;
        subscriptions.set_state(id, state).await.expect("the state is set");

        subscriptions.hand_over(id, "http://b").await.expect("the subscriber is changed");

        assert_eq!(subscriptions.get(id).await.state, SubscriptionState::Active);
    }
}

async fn the_state_of_an_unknown_subscription_is_refused(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let other = Subscriptions::new(&bench);
    let ended = Subscriptions { start: subscriptions.end(), ..subscriptions.clone() };
    let paused = SubscriptionState::Paused;

    let unknown = subscriptions.set_state(Uuid::now_v7(), paused).await;
    assert_refused!(unknown, SubscriptionDoesNotExist);
    assert_refused!(other.set_state(id, paused).await, SubscriptionDoesNotExist);
    assert_refused!(ended.set_state(id, paused).await, SubscriptionDoesNotExist);
    assert_eq!(subscriptions.get(id).await.state, SubscriptionState::Active);
}

fn renewal(of: &Subscriptions, id: SubscriptionId, expires_at: Millis) -> RenewSubscription {
    RenewSubscription { queue: of.key.clone(), id, expected: of.end(), expires_at }
}

async fn renew(
    of: &Subscriptions,
    renewals: Vec<RenewSubscription>,
    now: Millis,
) -> Vec<Option<Subscription>> {
    of.store().renew(renewals, now).await.expect("subscriptions are renewed")
}

async fn renewals_are_answered_in_their_order(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let a = subscriptions.subscribe("http://a").await;
    let b = subscriptions.subscribe("http://b").await;
    let (end, start) = (subscriptions.end(), subscriptions.start);
    let unknown = Uuid::now_v7();

    let wanted = [(b, end + 2), (unknown, end + 9), (a, end + 1)];
    let wanted = wanted.map(|(id, until)| renewal(&subscriptions, id, until));
    let found = renew(&subscriptions, wanted.to_vec(), start).await;

    let found: Vec<_> = found.iter().flatten().map(|each| (each.id, each.expires_at)).collect();
    assert_eq!(found, [(b, end + 2), (a, end + 1)]);
    assert!(renew(&subscriptions, Vec::new(), start).await.is_empty());
}

async fn a_renewal_changes_only_the_end(bench: Bench) {
    let outbox = Outbox::new(&bench);
    let subscriptions = &outbox.subscriptions;
    let id = outbox.follow("ws://a", crate::subscriber::LIFETIME).await;
    subscriptions.set_state(id, SubscriptionState::Paused).await.expect("the state is set");
    subscriptions.confirm(id, true).await.expect("the word is noted");
    let before = subscriptions.get(id).await;
    let later = subscriptions.end() + SECOND;

    let found = renew(subscriptions, vec![renewal(subscriptions, id, later)], outbox.start).await;

    let expected = Subscription { expires_at: later, ..before };
    assert_eq!(found, [Some(expected.clone())]);
    assert_eq!(subscriptions.get(id).await, expected);
}

async fn a_renewal_that_expected_another_end_changes_nothing(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let end = subscriptions.start + 10 * SECOND;
    let lifetime = Some(Lifetime { ttl: 10, expires_at: end });
    let change = UpdateSubscription { lifetime, ..subscriptions.change_of(id) };
    subscriptions.change(change).await.expect("the lifetime is changed");
    let before = subscriptions.get(id).await;

    let late = renewal(&subscriptions, id, subscriptions.end() + SECOND);
    let found = renew(&subscriptions, vec![late], subscriptions.start).await;

    assert_eq!(found, [Some(before.clone())]);
    assert_eq!(before.expires_at, end);
    assert_eq!(subscriptions.get(id).await, before);
}

async fn a_renewed_subscription_lives_until_its_new_end(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let end = subscriptions.end();

    renew(&subscriptions, vec![renewal(&subscriptions, id, end + 5)], end - 1).await;

    assert!(subscriptions.try_get(id, end + 4).await.is_ok());
    assert_refused!(subscriptions.try_get(id, end + 5).await, SubscriptionDoesNotExist);
    let again = CreateSubscription { now: end + 4, ..subscriptions.create_of("http://a") };
    assert_ne!(
        subscriptions.try_create(again).await,
        sukkal_storage::CreatedSubscription::Created,
        "the subscriber has its subscription still"
    );
}

async fn renewals_of_what_is_gone_are_told(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let ended = subscriptions.subscribe("http://a").await;
    let deleted = subscriptions.subscribe("http://b").await;
    subscriptions.delete(deleted).await;
    let other = Subscriptions::new(&bench);
    let end = subscriptions.end();

    let wanted = [
        renewal(&subscriptions, ended, end + SECOND),
        renewal(&subscriptions, deleted, end + SECOND),
        renewal(&other, ended, end + SECOND),
    ];
    let found = renew(&subscriptions, wanted.to_vec(), end).await;

    assert_eq!(found, [None, None, None]);
    assert!(subscriptions.page(None, 10, end).await.is_empty());
}

async fn renewals_may_be_of_many_queues(bench: Bench) {
    let [one, two] = [Subscriptions::new(&bench), Subscriptions::new(&bench)];
    let [a, b] = [one.subscribe("http://a").await, two.subscribe("http://a").await];
    let end = one.end() + SECOND;

    let found = renew(&one, vec![renewal(&two, b, end), renewal(&one, a, end)], one.start).await;

    let found: Vec<_> = found.into_iter().flatten().map(|each| each.id).collect();
    assert_eq!(found, [b, a]);
    assert_eq!((one.get(a).await.expires_at, two.get(b).await.expires_at), (end, end));
}

async fn many_subscriptions_are_renewed_at_once(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let mut renewals = Vec::new();
    for number in 0..300 {
        let id = subscriptions.subscribe(&format!("ws://{number}")).await;
        renewals.push(renewal(&subscriptions, id, subscriptions.end() + SECOND));
    }
    let ids: Vec<_> = renewals.iter().map(|renewal| renewal.id).collect();

    let found = renew(&subscriptions, renewals, subscriptions.start).await;

    assert_eq!(found.iter().flatten().map(|each| each.id).collect::<Vec<_>>(), ids);
    assert!(found.iter().flatten().all(|each| each.expires_at == subscriptions.end() + SECOND));
}
