use sukkal_storage::DeleteSubscription;

use super::*;

impl Bench {
    /// Lets time pass and renews every second, as the loop does.
    async fn live(&self, seconds: u64) {
        for _ in 0..seconds {
            self.wait(1);
            self.followers.renew_due().await;
        }
    }
}

fn own(reader: &Reader, ttl: i64) -> Vec<(String, i64)> {
    vec![(reader.socket.address().to_string(), ttl)]
}

#[tokio::test]
async fn a_row_that_nobody_renews_ends_soon() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    bench.subscribe(&reader).await;

    bench.wait(60);

    assert!(bench.rows().await.is_empty());
}

#[tokio::test]
async fn a_row_lives_as_long_as_it_is_renewed_and_no_longer_than_its_ttl() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    bench.subscribe_for(&reader, 300, "{}", None).await;

    bench.live(299).await;
    assert_eq!(bench.rows().await, own(&reader, 300));

    bench.live(2).await;
    assert!(bench.rows().await.is_empty());
    bench.live(40).await;
    assert!(bench.rows().await.is_empty());
    assert!(bench.followers.queues().is_empty());
}

#[tokio::test]
async fn a_row_that_could_not_be_renewed_in_time_is_made_again() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    bench.subscribe(&reader).await;
    bench.wait(120);
    assert!(bench.rows().await.is_empty());

    bench.followers.renew_due().await;

    assert_eq!(bench.rows().await, own(&reader, 3600));
}

#[tokio::test]
async fn a_row_that_was_deleted_stays_deleted() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    let id = bench.subscribe(&reader).await;
    let command = DeleteSubscription { queue: Bench::queue(), id };
    bench.data().await.subscriptions().delete(command).await.unwrap();

    bench.live(120).await;

    assert!(bench.rows().await.is_empty());
    assert!(bench.followers.queues().is_empty());
}

#[tokio::test]
async fn another_ttl_is_followed() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    let id = bench.subscribe(&reader).await;
    bench.live(40).await;

    bench.update(id, None, Some(100)).await;

    bench.live(99).await;
    assert_eq!(bench.rows().await, own(&reader, 100));
    bench.live(2).await;
    assert!(bench.rows().await.is_empty());
}

#[tokio::test]
async fn a_row_with_a_longer_ttl_still_ends_soon_without_its_server() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    let id = bench.subscribe(&reader).await;

    bench.update(id, None, Some(7200)).await;
    bench.live(40).await;

    bench.wait(60);
    assert!(bench.rows().await.is_empty());
}

#[tokio::test]
async fn another_subscriber_keeps_the_rest_of_the_lifetime_and_outlives_the_connection() {
    let bench = Bench::new().await;
    let reader = bench.connect();
    let id = bench.subscribe(&reader).await;

    bench.update(id, Some("http://a"), None).await;
    bench.live(20).await;
    bench.followers.release(&reader.socket).await;
    bench.wait(3000);

    assert_eq!(bench.rows().await, [("http://a".to_owned(), 3600)]);
}

#[test]
fn rows_that_were_made_together_are_renewed_at_different_times() {
    let mut row = CreateSubscription {
        queue: Bench::queue(),
        id: Uuid::nil(),
        subscriber: String::new(),
        ttl: 3600,
        expires_at: START + 3_600_000,
        options: Bytes::from_static(b"{}"),
        is_follower: true,
        now: START,
    };
    let mut due = Vec::new();
    for _ in 0..1000 {
        row.id = Uuid::now_v7();
        row.expires_at = START + 3_600_000;
        let lease = Lease::begin(&mut row);
        due.push((START..).step_by(1000).find(|now| lease.is_due(*now)).unwrap() - START);
    }

    assert!(due.iter().all(|after| (10_000..=20_000).contains(after)));
    for second in 11..=20 {
        let share = due.iter().filter(|after| **after == second * 1000).count();
        assert!((50..200).contains(&share), "{share} in second {second}");
    }
}
