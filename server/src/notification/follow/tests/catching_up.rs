use sukkal_storage::{DeleteMessages, ListMessages, PopMessages};

use super::*;

fn cursor(push: &Value) -> String {
    push["cursor"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_with_a_cursor_gets_what_came_after_it_and_then_what_is_posted() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe_for(&reader, 3600, "{}", Some("")).await;
    bench.post(0..5).await;
    let last = cursor(&reader.pushes(2).await[1]);
    bench.followers.release(&reader.socket).await;
    bench.post(5..300).await;

    let again = bench.connect();
    bench.subscribe_for(&again, 3600, "{}", Some(&last)).await;
    bench.post(300..310).await;

    assert_eq!(again.numbers(308).await, (2..310).collect::<Vec<_>>());
    assert!(again.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_from_the_queue_meanwhile_comes_out_of_the_outbox() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe_for(&reader, 3600, "{}", Some("")).await;
    let other = bench.connect();
    bench.subscribe(&other).await;
    bench.post(0..1).await;
    let last = cursor(&reader.pushes(1).await[0]);
    bench.followers.release(&reader.socket).await;
    bench.post(1..200).await;
    let queue = Bench::queue();
    let messages = bench.data().await;
    let messages = messages.messages();
    let command = PopMessages { queue: queue.clone(), limit: 50, now: START };
    messages.pop(command).await.unwrap();
    let query = ListMessages {
        queue: queue.clone(),
        after: None,
        limit: 20,
        include_claimed: true,
        include_delayed: true,
        exclude_client: None,
        now: START,
    };
    let ids = messages.list(query).await.unwrap().iter().step_by(2).map(|each| each.id).collect();
    let command = DeleteMessages { queue, ids, claim_ids: None, now: START };
    messages.delete_many(command).await.unwrap();

    let again = bench.connect();
    bench.subscribe_for(&again, 3600, "{}", Some(&last)).await;

    assert_eq!(again.numbers(199).await, (1..200).collect::<Vec<_>>());
    assert!(again.is_quiet().await);
}

#[tokio::test(start_paused = true)]
async fn catching_up_waits_for_a_reader_that_is_slow() {
    let bench = Bench::new().await;
    bench.followers.work();
    let body = format!("\"{}\"", "x".repeat(10_000));
    bench.post_bodies(std::iter::repeat_n(body, 400)).await;
    let reader = bench.connect();
    let first = Tag::of(&Bench::queue()).cursor(0);
    bench.subscribe_for(&reader, 3600, "{}", Some(&first)).await;

    tokio::time::sleep(Duration::from_secs(60)).await;

    assert_eq!(reader.pushes(400).await.len(), 400);
    assert!(reader.is_quiet().await);
}

#[tokio::test]
async fn nothing_is_missed_or_out_of_order_while_posts_go_on() {
    let bench = Arc::new(Bench::new().await);
    bench.followers.work();
    let poster = Arc::clone(&bench);
    let posting = tokio::spawn(async move {
        for at in 0..400 {
            poster.post(at * 5..at * 5 + 5).await;
            tokio::task::yield_now().await;
        }
    });

    let (mut got, mut last) = (Vec::new(), Tag::of(&Bench::queue()).cursor(0));
    while got.len() < 2000 {
        let reader = bench.connect();
        bench.subscribe_for(&reader, 3600, "{}", Some(&last)).await;
        let pushes = reader.pushes(100).await;
        last = cursor(&pushes[99]);
        got.extend(pushes.iter().map(|push| push["body"].as_i64().unwrap()));
        bench.followers.release(&reader.socket).await;
    }

    posting.await.unwrap();
    assert_eq!(got, (0..2000).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_another_queue_is_refused_and_one_from_before_all_messages_is_not() {
    let bench = Bench::new().await;
    bench.followers.work();
    bench.post(1..2).await;
    let (reader, queue) = (bench.connect(), Bench::queue());
    let address = reader.socket.address();

    let other = Tag::of(&QueueKey::new("project", "other")).cursor(0);
    let begun = bench.followers.begin(address, &queue, Some(&other)).await;
    assert!(matches!(begun, Err(CannotBegin::NoCursor)));

    // As if the messages of the queue had been numbered anew.
    let beyond = Tag::of(&queue).cursor(1_000_000);
    bench.subscribe_for(&reader, 3600, "{}", Some(&beyond)).await;
    assert_eq!(reader.numbers(1).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_whose_row_had_ended_gets_what_is_kept_of_the_time_without_it() {
    let bench = Bench::new().await;
    bench.followers.work();
    let reader = bench.connect();
    bench.subscribe(&reader).await;
    bench.post(1..2).await;
    assert_eq!(reader.numbers(1).await, [1]);
    let kept = bench.followers.queues().clone();
    // The row ends before the next renewal.
    bench.wait(120);
    bench.post_silently(2..4).await;
    assert!(kept.contains_key(&Bench::queue()));

    bench.followers.renew_due().await;
    bench.post(4..5).await;

    assert_eq!(reader.numbers(3).await, [2, 3, 4]);
    assert!(reader.is_quiet().await);
}
