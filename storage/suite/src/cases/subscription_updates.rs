//! Subscriptions: changing and confirming them.

use bytes::Bytes;
use futures_util::future::join_all;
use sukkal_storage::{CreatedSubscription, UpdateSubscription};
use uuid::Uuid;

use crate::bench::{Bench, SECOND};
use crate::case::{assert_refused, cases};
use crate::subscriber::Subscriptions;

cases! {
    [] => {
        an_update_changes_what_is_named_and_leaves_the_rest,
        an_update_restarts_nothing_but_what_it_names,
        an_update_keeps_confirmation_and_creation,
        another_subscriber_has_not_confirmed,
        an_update_of_an_unknown_subscription_is_refused,
        a_taken_subscriber_is_refused_and_nothing_is_changed,
        a_subscription_may_be_given_its_own_subscriber,
        a_subscriber_given_up_is_free_for_others,
        of_many_updates_to_one_subscriber_one_succeeds,
        confirming_and_taking_it_back_is_read_back,
        confirming_an_unknown_subscription_is_refused,
    }
}

async fn an_update_changes_what_is_named_and_leaves_the_rest(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let mut expected = subscriptions.get(id).await;

    subscriptions.hand_over(id, "http://longer").await.expect("the subscriber is changed");
    expected.subscriber = "http://longer".into();
    assert_eq!(subscriptions.get(id).await, expected);

    subscriptions.renew(id, 90).await.expect("the lifetime is changed");
    (expected.ttl, expected.expires_at) = (90, bench.start + 90 * SECOND);
    assert_eq!(subscriptions.get(id).await, expected);

    let options = Bytes::from_static(b"{\"new\":1}");
    let change =
        UpdateSubscription { options: Some(options.clone()), ..subscriptions.change_of(id) };
    subscriptions.change(change).await.expect("the options are changed");
    expected.options = options;
    assert_eq!(subscriptions.all(bench.start).await, [expected]);
}

async fn an_update_restarts_nothing_but_what_it_names(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let before = subscriptions.get(id).await;

    let now = bench.start + 60 * SECOND;
    let nothing = UpdateSubscription { now, ..subscriptions.change_of(id) };
    subscriptions.change(nothing).await.expect("nothing is changed");

    assert_eq!(subscriptions.get(id).await, before);
}

async fn an_update_keeps_confirmation_and_creation(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    subscriptions.confirm(id, true).await.expect("the subscription is confirmed");

    subscriptions.hand_over(id, "http://a").await.expect("the subscriber is the same");
    subscriptions.renew(id, 90).await.expect("the lifetime is changed");

    let read = subscriptions.get(id).await;
    assert_eq!((read.is_confirmed, read.created_at), (true, bench.start));
}

async fn another_subscriber_has_not_confirmed(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    subscriptions.confirm(id, true).await.expect("the subscription is confirmed");

    subscriptions.hand_over(id, "http://b").await.expect("the subscriber is changed");

    let read = subscriptions.get(id).await;
    assert_eq!((read.is_confirmed, read.created_at), (false, bench.start));
    subscriptions.confirm(id, true).await.expect("the new subscriber agrees");
    assert!(subscriptions.get(id).await.is_confirmed);
}

async fn an_update_of_an_unknown_subscription_is_refused(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    assert_refused!(subscriptions.renew(Uuid::now_v7(), 60).await, SubscriptionDoesNotExist);
    let id = subscriptions.subscribe("http://a").await;

    // Unknown comes before taken.
    let refused = subscriptions.hand_over(Uuid::now_v7(), "http://a").await;

    assert_refused!(refused, SubscriptionDoesNotExist);
    assert_eq!(subscriptions.ids().await, [id]);
}

async fn a_taken_subscriber_is_refused_and_nothing_is_changed(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    subscriptions.subscribe("http://a").await;
    let id = subscriptions.subscribe("http://b").await;
    let before = subscriptions.all(bench.start).await;

    let change = UpdateSubscription {
        subscriber: Some("http://a".into()),
        options: Some(Bytes::from_static(b"{\"b\":1}")),
        ..subscriptions.change_of(id)
    };

    assert_refused!(subscriptions.change(change).await, SubscriberIsTaken);
    assert_eq!(subscriptions.all(bench.start).await, before);
}

async fn a_subscription_may_be_given_its_own_subscriber(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let before = subscriptions.get(id).await;

    subscriptions.hand_over(id, "http://a").await.expect("nothing is changed");

    assert_eq!(subscriptions.all(bench.start).await, [before]);
    let second = subscriptions.try_create(subscriptions.create_of("http://a")).await;
    assert_eq!(second, CreatedSubscription::Unconfirmed(id));
}

async fn a_subscriber_given_up_is_free_for_others(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let first = subscriptions.subscribe("http://a").await;
    subscriptions.hand_over(first, "http://b").await.expect("the subscriber is changed");

    let second = subscriptions.subscribe("http://a").await;

    assert_eq!(subscriptions.ids().await, [first, second]);
    assert_refused!(subscriptions.hand_over(second, "http://b").await, SubscriberIsTaken);
}

async fn of_many_updates_to_one_subscriber_one_succeeds(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(subscriptions.subscribe(&format!("http://{number}")).await);
    }

    let answers = join_all(ids.iter().map(|id| subscriptions.hand_over(*id, "http://x"))).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let all = subscriptions.all(bench.start).await;
    assert_eq!(all.iter().filter(|each| each.subscriber == "http://x").count(), 1);
    assert_eq!(all.len(), ids.len());
}

async fn confirming_and_taking_it_back_is_read_back(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let mut expected = subscriptions.get(id).await;

    for is_confirmed in [true, true, false, false, true] {
        subscriptions.confirm(id, is_confirmed).await.expect("the word is noted");
        expected.is_confirmed = is_confirmed;
        assert_eq!(subscriptions.all(bench.start).await, [expected.clone()]);
    }
}

async fn confirming_an_unknown_subscription_is_refused(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    assert_refused!(subscriptions.confirm(Uuid::now_v7(), true).await, SubscriptionDoesNotExist);
    let id = subscriptions.subscribe("http://a").await;

    let refused = subscriptions.confirm(Uuid::now_v7(), true).await;

    assert_refused!(refused, SubscriptionDoesNotExist);
    assert!(!subscriptions.get(id).await.is_confirmed);
}
