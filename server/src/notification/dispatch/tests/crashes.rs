use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::setting::{Behaviour, Setting};
use crate::config::NotificationConfig;

#[tokio::test(start_paused = true)]
async fn what_a_server_that_died_was_telling_is_told_by_another() {
    let setting = Setting::new();
    for number in 0..3 {
        let subscriber = format!("http://{number}/");
        setting.subscribe(&subscriber).await;
        setting.world.behave(&subscriber, Behaviour::AnswersAfter(Duration::from_millis(200)));
    }
    for _ in 0..100 {
        setting.post(1).await;
    }

    for _ in 0..5 {
        let work = setting.work();
        sleep(Duration::from_millis(300)).await;
        // Without any grace nothing is released or settled.
        work.finish(Duration::ZERO).await;
    }
    let _work = setting.work();
    setting.until_empty().await;

    let told: HashSet<_> = setting.world.seen().into_iter().map(|each| each.delivery).collect();
    assert_eq!(told.len(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_finishes_what_is_under_way_and_leaves_the_rest_to_others() {
    let config = NotificationConfig { max_attempts_per_endpoint: 2, ..Default::default() };
    let setting = Setting::with(config);
    setting.world.behave("http://a/", Behaviour::AnswersAfter(Duration::from_millis(300)));
    setting.subscribe("http://a/").await;
    for _ in 0..50 {
        setting.post(1).await;
    }
    let work = setting.work();
    setting.world.until_count(2).await;

    let before = setting.elapsed();
    assert_eq!(work.finish(Duration::from_secs(30)).await, 0);

    assert!(setting.elapsed() - before < Duration::from_secs(1));
    assert_eq!(setting.world.seen().len(), 2);
    assert!(setting.is_ready().await, "others can lease the rest at once");
    let _work = setting.work();
    setting.until_empty().await;
    assert_eq!(setting.world.seen().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_while_the_store_is_away_and_it_is_not_pestered() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.subscribe("http://a/").await;
    setting.world.behave("http://a/", Behaviour::AnswersAfter(Duration::from_millis(100)));
    for _ in 0..50 {
        setting.post(1).await;
    }
    setting.world.until_count(10).await;

    setting.data.is_away.store(true, Ordering::Relaxed);
    for _ in 0..50 {
        setting.post(1).await;
    }
    sleep(Duration::from_secs(5)).await;
    let calls = setting.data.calls.load(Ordering::Relaxed);
    sleep(Duration::from_secs(60)).await;
    let calls = setting.data.calls.load(Ordering::Relaxed) - calls;
    assert!(calls < 500, "{calls} calls in a minute");

    setting.data.is_away.store(false, Ordering::Relaxed);
    setting.until_empty().await;
    let told: HashSet<_> = setting.world.seen().into_iter().map(|each| each.message).collect();
    assert_eq!(told.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn two_servers_share_the_work_and_tell_nobody_twice() {
    let setting = Setting::new();
    let _one = setting.work();
    let _other = setting.work();
    for number in 0..10 {
        setting.subscribe(&format!("http://{number}/")).await;
    }

    for _ in 0..50 {
        setting.post(2).await;
    }
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 1000);
}
