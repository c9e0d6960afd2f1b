//! Subscriptions: their end, their garbage, and what they are kept apart from.

use sukkal_storage::{
    Capability, CreateSubscription, CreatedSubscription, Lifetime, Millis, QueueKey,
    SubscriptionId, UpdateSubscription,
};
use uuid::Uuid;

use crate::bench::{Bench, SECOND};
use crate::case::{Need, assert_refused, cases};
use crate::cases::collect::collect_all;
use crate::subscriber::{LIFETIME, Subscriptions};

/// The last millisecond of the year 9999.
const END_OF_TIME: Millis = 253_402_300_799_999;

cases! {
    [] => {
        a_subscription_ends_at_its_expiry,
        an_ended_subscription_is_not_acted_on,
        an_ended_subscription_leaves_its_subscriber_to_others,
        an_ended_subscription_leaves_its_id_to_others,
        an_ended_subscription_takes_no_subscriber_from_an_update,
        ended_subscriptions_take_no_place_on_a_page,
        a_renewed_subscription_ends_later,
        a_shortened_subscription_ends_sooner,
        a_subscription_may_last_until_the_year_9999,
        subscriptions_survive_the_deletion_of_their_queue,
        messages_and_subscriptions_leave_each_other_alone,
        subscriptions_of_projects_queues_and_kinds_are_kept_apart,
    }
    [Need::Collects] => {
        ended_subscriptions_are_collected,
        collecting_changes_nothing_that_is_seen,
        a_subscriber_taken_over_stays_taken_when_the_old_subscription_is_collected,
    }
    [Need::Reopen, Need::Has(Capability::Durability)] => {
        subscriptions_survive_a_restart,
    }
}

async fn a_subscription_ends_at_its_expiry(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let end = subscriptions.end();

    assert!(subscriptions.try_get(id, end - 1).await.is_ok());
    assert_eq!(subscriptions.page(None, 10, end - 1).await, [id]);
    assert_refused!(subscriptions.try_get(id, end).await, SubscriptionDoesNotExist);
    assert!(subscriptions.page(None, 10, end).await.is_empty());
}

async fn an_ended_subscription_is_not_acted_on(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let ended = Subscriptions { start: subscriptions.end(), ..subscriptions };

    assert_refused!(ended.renew(id, 600).await, SubscriptionDoesNotExist);
    assert_refused!(ended.hand_over(id, "http://b").await, SubscriptionDoesNotExist);
    assert_refused!(ended.confirm(id, true).await, SubscriptionDoesNotExist);
    assert!(ended.ids().await.is_empty());
}

async fn an_ended_subscription_leaves_its_subscriber_to_others(bench: Bench) {
    for is_confirmed in [false, true] {
        let first = Subscriptions::new(&bench);
        let old = first.subscribe("http://a").await;
        first.confirm(old, is_confirmed).await.expect("the word is noted");
        let later = Subscriptions { start: first.end(), ..first };

        let new = later.subscribe("http://a").await;

        assert_eq!(later.ids().await, [new]);
        assert!(!later.get(new).await.is_confirmed);
        assert_refused!(later.try_get(old, later.start).await, SubscriptionDoesNotExist);
        later.delete(old).await;
        assert_eq!(later.ids().await, [new]);
    }
}

async fn an_ended_subscription_leaves_its_id_to_others(bench: Bench) {
    let first = Subscriptions::new(&bench);
    let id = first.subscribe("http://a").await;
    let later = Subscriptions { start: first.end(), ..first };

    later.create(CreateSubscription { id, ..later.create_of("http://b") }).await;

    assert_eq!(later.get(id).await.subscriber, "http://b");
    let other = later.subscribe("http://a").await;
    assert_eq!(later.ids().await.len(), 2);
    assert_ne!(id, other);
}

async fn an_ended_subscription_takes_no_subscriber_from_an_update(bench: Bench) {
    let first = Subscriptions::new(&bench);
    first.subscribe("http://a").await;
    let later = Subscriptions { start: first.end(), ..first };
    let id = later.subscribe("http://b").await;

    later.hand_over(id, "http://a").await.expect("the subscriber is free");

    assert_eq!(later.get(id).await.subscriber, "http://a");
    assert_eq!(later.ids().await, [id]);
    let again = later.try_create(later.create_of("http://a")).await;
    assert_eq!(again, CreatedSubscription::Unconfirmed(id));
}

async fn ended_subscriptions_take_no_place_on_a_page(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let mut lasting = Vec::new();
    for number in 0..240 {
        let id = subscriptions.subscribe(&format!("http://{number}")).await;
        if number % 60 == 59 {
            subscriptions.renew(id, 2 * LIFETIME).await.expect("the lifetime is changed");
            lasting.push(id);
        }
    }

    let end = subscriptions.end();

    assert_eq!(subscriptions.page(None, 3, end).await, lasting[..3]);
    assert_eq!(subscriptions.page(Some(lasting[2]), 3, end).await, lasting[3..]);
    assert_eq!(subscriptions.page(None, 1000, end).await, lasting);
}

async fn a_renewed_subscription_ends_later(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;

    subscriptions.renew(id, 2 * LIFETIME).await.expect("the lifetime is changed");

    let end = bench.start + 2 * LIFETIME * SECOND;
    assert!(subscriptions.try_get(id, end - 1).await.is_ok());
    assert_refused!(subscriptions.try_get(id, end).await, SubscriptionDoesNotExist);
}

async fn a_shortened_subscription_ends_sooner(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;

    subscriptions.renew(id, 1).await.expect("the lifetime is changed");

    assert!(subscriptions.try_get(id, bench.start + 999).await.is_ok());
    let read = subscriptions.try_get(id, bench.start + SECOND).await;
    assert_refused!(read, SubscriptionDoesNotExist);
}

async fn a_subscription_may_last_until_the_year_9999(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let ttl = (END_OF_TIME - bench.start) / SECOND;
    let command = subscriptions.create_of("http://a");
    let id =
        subscriptions.create(CreateSubscription { ttl, expires_at: END_OF_TIME, ..command }).await;
    let other = subscriptions.subscribe("http://b").await;
    let lifetime = Some(Lifetime { ttl, expires_at: END_OF_TIME });
    let change = UpdateSubscription { lifetime, ..subscriptions.change_of(other) };
    subscriptions.change(change).await.expect("the lifetime is changed");

    for id in [id, other] {
        let read = subscriptions.try_get(id, END_OF_TIME - 1).await.expect("it lives");
        assert_eq!((read.ttl, read.expires_at), (ttl, END_OF_TIME));
        let ended = subscriptions.try_get(id, END_OF_TIME).await;
        assert_refused!(ended, SubscriptionDoesNotExist);
    }
}

async fn subscriptions_survive_the_deletion_of_their_queue(bench: Bench) {
    let queue = bench.queue();
    let subscriptions = Subscriptions::of(&queue);
    queue.post(&["1"]).await;
    let id = subscriptions.subscribe("http://a").await;

    let generation = queue.states().seal(&queue.key).await.expect("the queue is sealed");
    let sealed = subscriptions.ids().await;
    let during = subscriptions.subscribe("http://b").await;
    queue.states().unseal(&queue.key, generation).await.expect("the queue is opened");

    assert_eq!(sealed, [id]);
    assert_eq!(subscriptions.ids().await, [id, during]);
    assert_eq!(queue.all(bench.start).await.len(), 0);
}

async fn messages_and_subscriptions_leave_each_other_alone(bench: Bench) {
    let queue = bench.queue();
    let subscriptions = Subscriptions::of(&queue);
    let id = subscriptions.subscribe("http://a").await;
    let posted = queue.post(&["1", "2"]).await;
    assert_eq!(subscriptions.ids().await, [id]);

    while subscriptions.purge(10).await {}

    assert_eq!(crate::bench::ids(&queue.all(bench.start).await), posted);
    assert_eq!(queue.states().state(&queue.key).await.expect("a state").generation, 0);
}

async fn subscriptions_of_projects_queues_and_kinds_are_kept_apart(bench: Bench) {
    let (project, other) = (bench.project.clone(), format!("{}-2", bench.project));
    let keys = [
        QueueKey::new(project.clone(), "a"),
        QueueKey::topic(project.clone(), "a"),
        QueueKey::new(project, "b"),
        QueueKey::new(other, "a"),
    ];
    let with = |key: &QueueKey| Subscriptions { key: key.clone(), ..Subscriptions::new(&bench) };
    let places = keys.each_ref().map(with);
    let id = Uuid::now_v7();
    let mut seconds = Vec::new();
    for place in &places {
        place.create(CreateSubscription { id, ..place.create_of("http://a") }).await;
        seconds.push(place.subscribe("http://b").await);
    }

    places[0].hand_over(id, "http://0").await.expect("the subscriber is changed");
    places[1].confirm(id, true).await.expect("the subscription is confirmed");
    places[2].delete(id).await;
    while places[3].purge(1).await {}

    let seen = async |place: &Subscriptions| -> Vec<(SubscriptionId, String, bool)> {
        let all = place.all(bench.start).await;
        all.into_iter().map(|each| (each.id, each.subscriber, each.is_confirmed)).collect()
    };
    let second = |at: usize| (seconds[at], "http://b".to_owned(), false);
    assert_eq!(seen(&places[0]).await, [(id, "http://0".to_owned(), false), second(0)]);
    assert_eq!(seen(&places[1]).await, [(id, "http://a".to_owned(), true), second(1)]);
    assert_eq!(seen(&places[2]).await, [second(2)]);
    assert_eq!(seen(&places[3]).await, []);
    let unknown = places[0].try_get(seconds[1], bench.start).await;
    assert_refused!(unknown, SubscriptionDoesNotExist);
}

async fn ended_subscriptions_are_collected(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    for number in 0..20 {
        subscriptions.subscribe(&format!("http://{number}")).await;
    }
    let lasting = subscriptions.subscribe("http://lasting").await;
    subscriptions.renew(lasting, 2 * LIFETIME).await.expect("the lifetime is changed");

    let removed = collect_all(&bench.queue(), subscriptions.end(), 1000).await;

    assert!(removed >= 20, "{removed}");
    // What is not there cannot come back, even for a reader whose clock is behind.
    assert_eq!(subscriptions.ids().await, [lasting]);
}

async fn collecting_changes_nothing_that_is_seen(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    subscriptions.renew(id, 2 * LIFETIME).await.expect("the lifetime is changed");
    subscriptions.renew(id, LIFETIME + 1).await.expect("the lifetime is changed");
    let before = subscriptions.all(subscriptions.end()).await;

    collect_all(&bench.queue(), subscriptions.end(), 1000).await;

    assert_eq!(subscriptions.all(subscriptions.end()).await, before);
    let again = subscriptions.try_create(subscriptions.create_of("http://a")).await;
    assert_eq!(again, CreatedSubscription::Unconfirmed(id));
}

async fn a_subscriber_taken_over_stays_taken_when_the_old_subscription_is_collected(bench: Bench) {
    for is_update in [false, true] {
        let first = Subscriptions::new(&bench);
        first.subscribe("http://a").await;
        let later = Subscriptions { start: first.end(), ..first };
        let new = later.subscribe(if is_update { "http://b" } else { "http://a" }).await;
        if is_update {
            later.hand_over(new, "http://a").await.expect("the subscriber is free");
        }

        collect_all(&bench.queue(), later.start, 1000).await;

        assert_eq!(later.ids().await, [new]);
        let again = later.try_create(later.create_of("http://a")).await;
        assert_eq!(again, CreatedSubscription::Unconfirmed(new));
    }
}

async fn subscriptions_survive_a_restart(bench: Bench) {
    let key = format!("{}-subscriptions", bench.project);
    let store = bench.store_for(&key).await;
    let subscriptions = Subscriptions::new(&bench).on(&store);
    let id = subscriptions.subscribe("http://a").await;
    subscriptions.confirm(id, true).await.expect("the subscription is confirmed");
    let before = subscriptions.all(bench.start).await;
    store.control.close().await;
    store.data.close().await;

    let store = bench.store_for(&key).await;
    let subscriptions = subscriptions.on(&store);

    assert_eq!(subscriptions.all(bench.start).await, before);
}
