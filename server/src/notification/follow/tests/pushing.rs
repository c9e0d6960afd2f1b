use super::*;

#[tokio::test(start_paused = true)]
async fn what_is_posted_after_the_subscription_is_pushed_in_order() {
    let bench = Bench::new().await;
    bench.followers.work();
    bench.post(0..3).await;
    let reader = bench.connect();
    bench.subscribe(&reader).await;

    bench.post(3..5).await;
    bench.post(5..6).await;

    assert_eq!(reader.numbers(3).await, [3, 4, 5]);
    assert!(reader.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_push_has_the_members_subscribers_know_and_no_others() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe(&reader).await;

    bench.post(7..8).await;

    assert_eq!(reader.pushes(1).await, [notification(&json!(7))]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_announced_is_pushed_within_a_second() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe(&reader).await;
    assert!(reader.is_quiet().await);

    bench.post_silently(1..3).await;

    let pushed = tokio::time::timeout(Duration::from_millis(1100), reader.numbers(2)).await;
    assert_eq!(pushed.unwrap(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_made_once_for_all_sockets_that_want_it_alike() {
    let bench = Bench::new().await;
    bench.followers.work();
    let (one, other, third) = (bench.connect(), bench.connect(), bench.connect());
    bench.subscribe(&one).await;
    bench.subscribe(&other).await;
    let options = r#"{"post_data": "{\"got\": \"$zaqar_message$\"}"}"#;
    bench.subscribe_for(&third, 3600, options, None).await;

    bench.post(1..2).await;

    one.socket.filled().await;
    let (first, second) = (one.socket.take(9), other.socket.take(9));
    assert!(Arc::ptr_eq(&first[0], &second[0]));
    assert_eq!(first[0].text().unwrap().as_ptr(), second[0].text().unwrap().as_ptr());
    assert_eq!(third.pushes(1).await, [json!({ "got": notification(&json!(1)) })]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_does_not_keep_up_overruns_and_others_get_everything() {
    let bench = Bench::new().await;
    bench.followers.work();
    let (slow, quick) = (bench.connect(), bench.connect());
    bench.subscribe(&slow).await;
    bench.subscribe(&quick).await;

    let body = format!("\"{}\"", "x".repeat(1000));
    for _ in 0..20 {
        bench.post_bodies(std::iter::repeat_n(body.clone(), 100)).await;
        bench.placement.announcements().announce(&Bench::queue());
        assert_eq!(quick.pushes(100).await.len(), 100);
    }

    assert!(slow.socket.has_overrun());
    assert!(slow.socket.take(9).is_empty());
    assert!(!quick.socket.has_overrun());
}

#[tokio::test(start_paused = true)]
async fn pushes_stop_when_the_subscription_is_deleted_ended_or_given_away() {
    let bench = Bench::new().await;
    bench.followers.work();
    let readers = [bench.connect(), bench.connect(), bench.connect(), bench.connect()];
    let deleted = bench.subscribe(&readers[0]).await;
    bench.subscribe_for(&readers[1], 60, "{}", None).await;
    let given_away = bench.subscribe(&readers[2]).await;
    bench.subscribe(&readers[3]).await;

    bench.followers.was_deleted(&Bench::queue(), deleted);
    bench.update(given_away, Some("http://a"), None).await;
    bench.followers.has_changed(&Bench::queue(), given_away).await;
    for _ in 0..4 {
        bench.wait(15);
        bench.followers.renew_due().await;
    }
    bench.post(1..2).await;

    assert_eq!(readers[3].numbers(1).await, [1]);
    for reader in &readers[..3] {
        assert!(reader.is_quiet().await);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_posted_while_a_subscription_is_paused_comes_when_it_is_active_again() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    let id = bench.subscribe(&reader).await;
    bench.post(1..2).await;
    assert_eq!(reader.numbers(1).await, [1]);

    bench.set_state(id, SubscriptionState::Paused).await;
    bench.post(2..4).await;
    assert!(reader.is_quiet().await);
    bench.set_state(id, SubscriptionState::Active).await;
    bench.post(4..5).await;

    assert_eq!(reader.numbers(3).await, [2, 3, 4]);
    assert!(reader.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn a_socket_has_no_more_subscriptions_than_it_may() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    for _ in 0..3 {
        bench.subscribe(&reader).await;
    }

    let begun = bench.followers.begin(reader.socket.address(), &Bench::queue(), None).await;

    assert!(matches!(begun, Err(CannotBegin::TooMany(3))));
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_closed_leaves_nothing_behind() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe(&reader).await;

    bench.followers.release(&reader.socket).await;

    assert!(bench.rows().await.is_empty());
    assert!(bench.followers.queues().is_empty() && bench.followers.sockets().is_empty());
}

#[tokio::test]
async fn the_posts_of_eight_producers_come_complete_and_in_the_order_of_the_queue() {
    let bench = Arc::new(Bench::new().await);
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe_for(&reader, 3600, "{}", Some("")).await;

    let producers = (0..8).map(|producer| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            for at in 0..50 {
                let first = producer * 1000 + at * 2;
                bench.post(first..first + 2).await;
            }
        })
    });
    let producers: Vec<_> = producers.collect();
    let pushes = reader.pushes(800).await;
    for producer in producers {
        producer.await.unwrap();
    }

    let tag = Tag::of(&Bench::queue());
    let places = pushes.iter().map(|push| tag.place(push["cursor"].as_str().unwrap()).unwrap());
    assert!(places.collect::<Vec<_>>().is_sorted_by(|a, b| a < b));
    for producer in 0..8 {
        let own = |number: &i64| number / 1000 == producer;
        let numbers = pushes.iter().map(|push| push["body"].as_i64().unwrap()).filter(own);
        assert!(numbers.eq(producer * 1000..producer * 1000 + 100));
    }
    assert_eq!(pushes.len(), 800);
}
