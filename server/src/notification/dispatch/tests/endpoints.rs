use std::time::Duration;

use tokio::time::sleep;

use super::setting::{Behaviour, DELIVERS, FAILS, LONGEST, Setting};
use crate::config::NotificationConfig;

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_holds_up_nobody_else() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://hangs/", Behaviour::Hangs);
    setting.subscribe("http://hangs/").await;
    setting.subscribe("http://well/").await;

    for number in 0..200 {
        let before = setting.elapsed();
        setting.post(1).await;
        setting
            .world
            .until(|seen| {
                seen.iter().filter(|each| each.subscriber == "http://well/").count() > number
            })
            .await;
        let took = setting.elapsed() - before;
        assert!(took <= Duration::from_millis(60), "{number}: {took:?}");
        sleep(Duration::from_millis(20)).await;
    }

    setting.world.behave("http://hangs/", DELIVERS);
    setting.until_empty().await;
    assert!(setting.world.seen_by("http://hangs/").len() >= 200);
    assert_eq!(setting.world.seen_by("http://well/").len(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_finished_though_attempts_of_it_are_under_way() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://slow/", Behaviour::AnswersAfter(Duration::from_secs(5)));
    setting.subscribe("http://slow/").await;

    setting.post(1).await;
    sleep(Duration::from_secs(2)).await;
    let backlog = setting.data.inner_backlog(&setting).await;
    assert!(backlog.oldest_entry.is_none() && backlog.next_delivery.is_some());
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 1);
    assert_eq!(setting.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_given_up_and_made_again() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", Behaviour::Hangs);
    setting.subscribe("http://a/").await;

    setting.post(1).await;
    setting.world.until_count(1).await;
    setting.world.behave("http://a/", DELIVERS);
    setting.until_empty().await;

    let seen = setting.world.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].at.as_secs(), LONGEST.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_broken_endpoint_is_left_alone_and_told_of_everything_once_it_is_well() {
    let setting = Setting::new();
    let _work = setting.work();
    setting.world.behave("http://a/", FAILS);
    setting.subscribe("http://a/").await;

    for _ in 0..100 {
        setting.post(1).await;
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_secs(60)).await;
    assert!(setting.world.seen().len() < 60, "{}", setting.world.seen().len());
    setting.world.behave("http://a/", DELIVERS);
    let before = setting.world.seen().len();
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len() - before, 100);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_gets_no_more_attempts_at_a_time_than_it_may() {
    let config = NotificationConfig { max_attempts_per_endpoint: 3, ..Default::default() };
    let setting = Setting::with(config);
    let _work = setting.work();
    setting.world.behave("http://a/", Behaviour::AnswersAfter(Duration::from_millis(100)));
    setting.subscribe("http://a/").await;

    for _ in 0..90 {
        setting.post(1).await;
    }
    setting.until_empty().await;

    assert_eq!(setting.world.seen().len(), 90);
    assert_eq!(setting.world.under_way.lock().unwrap().1, 3);
    assert!(setting.elapsed() < Duration::from_secs(5), "{:?}", setting.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_gets_no_more_attempts_in_a_second_than_it_may() {
    let config = NotificationConfig { max_rate_per_endpoint: Some(10), ..Default::default() };
    let setting = Setting::with(config);
    let _work = setting.work();
    setting.subscribe("http://a/").await;

    for _ in 0..100 {
        setting.post(1).await;
    }
    setting.until_empty().await;

    let seen = setting.world.seen();
    assert_eq!(seen.len(), 100);
    for pair in seen.windows(11) {
        assert!(pair[10].at - pair[0].at >= Duration::from_millis(990), "{pair:?}");
    }
    assert!(setting.elapsed() < Duration::from_secs(15), "{:?}", setting.elapsed());
}

#[tokio::test(start_paused = true)]
async fn hanging_and_failing_endpoints_do_not_slow_the_healthy_ones() {
    let setting = Setting::new();
    let _work = setting.work();
    for number in 0..100 {
        let subscriber = format!("http://{number}/");
        setting.subscribe(&subscriber).await;
        setting.world.behave(
            &subscriber,
            match number {
                0..10 => Behaviour::Hangs,
                10..20 => FAILS,
                _ => DELIVERS,
            },
        );
    }
    let is_well =
        |subscriber: &str| subscriber[7..].trim_end_matches("/").parse::<u32>().unwrap() >= 20;

    for number in 1..=100 {
        setting.post(1).await;
        let posted = setting.elapsed();
        setting
            .world
            .until(|seen| {
                seen.iter().filter(|each| is_well(&each.subscriber)).count() >= 80 * number
            })
            .await;
        let took = setting.elapsed() - posted;
        assert!(took <= Duration::from_millis(60), "{number}: {took:?}");
        sleep(Duration::from_millis(20)).await;
    }
}
