use std::time::Duration;

use sukkal_storage::QueueKey;
use tokio::time::sleep;
use uuid::Uuid;

use super::setting::{Behaviour, Setting};

#[tokio::test(start_paused = true)]
async fn whatever_waits_only_so_much_is_leased_and_under_way() {
    let setting = Setting::new();
    setting.subscribe("http://a/").await;
    setting.subscribe("http://b/").await;
    for _ in 0..100_000 {
        setting.post(1).await;
    }
    setting.world.behave("http://a/", Behaviour::AnswersAfter(Duration::from_millis(20)));

    let _work = setting.work();
    sleep(Duration::from_secs(20)).await;

    assert!(setting.data.most_leased() <= 1024, "{}", setting.data.most_leased());
    assert!(setting.world.under_way.lock().unwrap().1 <= 512);
    assert!(setting.world.seen().len() > 20_000, "{}", setting.world.seen().len());
}

#[tokio::test(start_paused = true)]
async fn many_queues_with_work_all_get_their_turn() {
    let mut setting = Setting::new();
    for number in 0..600 {
        setting.queue = QueueKey::new("p", format!("queue-{number}"));
        setting.subscribe("http://a/").await;
        for _ in 0..3 {
            setting.post_to(&setting.queue, vec![Uuid::new_v4()]).await;
        }
    }

    let _work = setting.work();
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 1800);
}
