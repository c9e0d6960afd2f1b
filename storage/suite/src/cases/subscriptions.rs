//! Subscriptions: creating, reading and deleting them.

use bytes::Bytes;
use futures_util::future::join_all;
use sukkal_storage::{Capability, CreateSubscription, CreatedSubscription, SubscriptionId};
use uuid::Uuid;

use crate::bench::Bench;
use crate::case::{Need, assert_refused, cases};
use crate::subscriber::Subscriptions;

cases! {
    [] => {
        a_created_subscription_is_read_back,
        options_and_subscribers_keep_their_bytes,
        a_subscription_needs_no_queue,
        an_unknown_subscription_does_not_exist,
        creating_twice_with_one_id_is_the_same_creation,
        a_repeated_creation_leaves_what_was_changed_since,
        a_subscriber_that_is_not_confirmed_keeps_what_it_has,
        a_confirmed_subscriber_is_named,
        subscribers_are_compared_as_text,
        of_many_creations_for_one_subscriber_one_creates,
        lists_come_in_the_order_of_ids,
        pages_follow_each_other,
        a_page_may_start_after_an_id_that_is_gone,
        a_deleted_subscription_is_gone_and_its_subscriber_free,
        deleting_an_unknown_subscription_does_nothing,
        a_purge_goes_in_steps_and_leaves_nothing,
    }
    [Need::Has(Capability::MultiServer)] => {
        of_many_creations_on_two_servers_one_creates,
    }
}

async fn a_created_subscription_is_read_back(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let command = CreateSubscription {
        ttl: 77,
        expires_at: bench.start + 77_000,
        options: Bytes::from_static(b"{\"a\": [1]}"),
        ..subscriptions.create_of("http://a/b")
    };

    let id = subscriptions.create(command).await;

    let read = subscriptions.get(id).await;
    assert_eq!((read.id, &*read.subscriber, read.ttl), (id, "http://a/b", 77));
    assert_eq!((read.created_at, read.expires_at), (bench.start, bench.start + 77_000));
    assert_eq!((&read.options[..], read.is_confirmed), (&b"{\"a\": [1]}"[..], false));
    assert_eq!(subscriptions.all(bench.start).await, [read]);
}

async fn options_and_subscribers_keep_their_bytes(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let long = format!("http://{}", "x".repeat(8000));
    let texts = ["", "i", "u", "{}", "'\"\\%_*", "ключ:🔑\u{0}\n", "http://a{b}c", &long];

    for text in texts {
        let options = Bytes::from(format!("{{\"\": \"{text}\"}}"));
        let command =
            CreateSubscription { options: options.clone(), ..subscriptions.create_of(text) };
        let id = subscriptions.create(command).await;

        let read = subscriptions.get(id).await;

        assert!(read.subscriber == text && read.options == options, "{text}");
    }
    assert_eq!(subscriptions.ids().await.len(), texts.len());
}

async fn a_subscription_needs_no_queue(bench: Bench) {
    let queue = bench.queue();
    let subscriptions = Subscriptions::of(&queue);

    let id = subscriptions.subscribe("http://a").await;

    assert_eq!(subscriptions.ids().await, [id]);
    assert_eq!(queue.stats(bench.start).await.free, 0);
    queue.post(&["1"]).await;
}

async fn an_unknown_subscription_does_not_exist(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    assert_refused!(
        subscriptions.try_get(Uuid::now_v7(), bench.start).await,
        SubscriptionDoesNotExist
    );
    assert!(subscriptions.ids().await.is_empty());
    subscriptions.subscribe("http://a").await;

    let read = subscriptions.try_get(Uuid::now_v7(), bench.start).await;

    assert_refused!(read, SubscriptionDoesNotExist);
}

async fn creating_twice_with_one_id_is_the_same_creation(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let command = subscriptions.create_of("http://a");
    let id = subscriptions.create(command.clone()).await;

    let again = subscriptions.try_create(command).await;

    assert_eq!(again, CreatedSubscription::Created);
    assert_eq!(subscriptions.ids().await, [id]);
}

async fn a_repeated_creation_leaves_what_was_changed_since(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let command = subscriptions.create_of("http://a");
    let id = subscriptions.create(command.clone()).await;
    subscriptions.hand_over(id, "http://b").await.expect("the subscription is changed");
    subscriptions.confirm(id, true).await.expect("the subscription is confirmed");
    let changed = subscriptions.get(id).await;

    let again = subscriptions.try_create(command).await;

    assert_eq!(again, CreatedSubscription::Created);
    assert_eq!(subscriptions.all(bench.start).await, [changed]);
}

async fn a_subscriber_that_is_not_confirmed_keeps_what_it_has(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let before = subscriptions.get(id).await;

    let second = CreateSubscription { ttl: 1, ..subscriptions.create_of("http://a") };
    let found = subscriptions.try_create(second).await;

    assert_eq!(found, CreatedSubscription::Unconfirmed(id));
    assert_eq!(subscriptions.all(bench.start).await, [before]);
}

async fn a_confirmed_subscriber_is_named(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let first = subscriptions.create_of("http://a");
    let id = subscriptions.create(first.clone()).await;
    subscriptions.confirm(id, true).await.expect("the subscription is confirmed");

    for command in [first, subscriptions.create_of("http://a")] {
        let found = subscriptions.try_create(command).await;
        assert_eq!(found, CreatedSubscription::Confirmed(id));
    }

    assert_eq!(subscriptions.ids().await, [id]);
}

async fn subscribers_are_compared_as_text(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);

    for subscriber in ["http://a", "HTTP://a", "http://a/", "http://a ", "http://a\u{0}"] {
        subscriptions.subscribe(subscriber).await;
    }

    assert_eq!(subscriptions.ids().await.len(), 5);
}

async fn of_many_creations_for_one_subscriber_one_creates(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);

    let answers = race(&[&subscriptions]).await;

    settled(&subscriptions, answers).await;
}

async fn of_many_creations_on_two_servers_one_creates(bench: Bench) {
    let first = Subscriptions::new(&bench);
    let second = first.on(&bench.second_server().await);

    let answers = race(&[&first, &second]).await;

    settled(&second, answers).await;
}

type Answers = Vec<(SubscriptionId, CreatedSubscription)>;

/// Subscribes one subscriber many times at once, by turns in each of the stores.
async fn race(stores: &[&Subscriptions]) -> Answers {
    let tries = (0..40).map(|index| async move {
        let store = stores[index % stores.len()];
        let command = store.create_of("http://a");
        (command.id, store.try_create(command).await)
    });
    join_all(tries).await
}

/// Asserts that there is one subscription and everybody was told of it.
async fn settled(subscriptions: &Subscriptions, answers: Answers) {
    let [winner] = subscriptions.ids().await[..] else { panic!("not one subscription") };
    for (id, answer) in answers {
        let expected = match id == winner {
            true => CreatedSubscription::Created,
            false => CreatedSubscription::Unconfirmed(winner),
        };
        assert_eq!(answer, expected);
    }
}

async fn lists_come_in_the_order_of_ids(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let numbers = [300_u128, 1, u128::MAX, 256, 0, 255, 1 << 127, 2];
    for number in numbers {
        let id = Uuid::from_u128(number);
        let command = subscriptions.create_of(&format!("http://{number}"));
        subscriptions.create(CreateSubscription { id, ..command }).await;
    }

    let ids = subscriptions.ids().await;

    let mut sorted = numbers.map(Uuid::from_u128);
    sorted.sort_unstable();
    assert_eq!(ids, sorted);
}

async fn pages_follow_each_other(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    for number in 0..250 {
        subscriptions.subscribe(&format!("http://{number}")).await;
    }
    let all = subscriptions.ids().await;

    for limit in [1, 7, 100, 249, 250, 251] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = subscriptions.page(after, limit, bench.start).await;
            assert!(page.len() <= limit);
            after = page.last().copied();
            seen.extend_from_slice(&page);
            if page.len() < limit || limit == 1 && seen.len() == 5 {
                break;
            }
        }
        assert_eq!(seen, all[..seen.len()]);
        assert!(limit == 1 || seen.len() == all.len());
    }
}

async fn a_page_may_start_after_an_id_that_is_gone(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let mut ids = Vec::new();
    for subscriber in ["http://a", "http://b", "http://c"] {
        ids.push(subscriptions.subscribe(subscriber).await);
    }
    subscriptions.delete(ids[1]).await;

    let after_gone = subscriptions.page(Some(ids[1]), 10, bench.start).await;
    let after_never = subscriptions.page(Some(Uuid::nil()), 10, bench.start).await;
    let after_last = subscriptions.page(Some(ids[2]), 10, bench.start).await;

    assert_eq!(after_gone, [ids[2]]);
    assert_eq!(after_never, [ids[0], ids[2]]);
    assert!(after_last.is_empty());
}

async fn a_deleted_subscription_is_gone_and_its_subscriber_free(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    let id = subscriptions.subscribe("http://a").await;
    let other = subscriptions.subscribe("http://b").await;

    subscriptions.delete(id).await;

    assert_refused!(subscriptions.try_get(id, bench.start).await, SubscriptionDoesNotExist);
    assert_eq!(subscriptions.ids().await, [other]);
    let anew = subscriptions.subscribe("http://a").await;
    assert_eq!(subscriptions.ids().await, [other, anew]);
}

async fn deleting_an_unknown_subscription_does_nothing(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    subscriptions.delete(Uuid::now_v7()).await;
    let id = subscriptions.subscribe("http://a").await;

    subscriptions.delete(Uuid::now_v7()).await;

    assert_eq!(subscriptions.ids().await, [id]);
}

async fn a_purge_goes_in_steps_and_leaves_nothing(bench: Bench) {
    let subscriptions = Subscriptions::new(&bench);
    assert!(!subscriptions.purge(3).await);
    for number in 0..10 {
        subscriptions.subscribe(&format!("http://{number}")).await;
    }

    assert!(subscriptions.purge(3).await);
    assert_eq!(subscriptions.ids().await.len(), 7);
    let mut steps = 1;
    while subscriptions.purge(3).await {
        steps += 1;
        assert!(steps < 10, "the purge does not end");
    }

    assert!(subscriptions.ids().await.is_empty());
    assert!(!subscriptions.purge(1000).await);
    subscriptions.subscribe("http://0").await;
}
