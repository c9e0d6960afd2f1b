use std::sync::atomic::AtomicBool;

use super::*;
use crate::testing::Fake;

const HOUR: Millis = 3_600_000;

#[test]
fn starts_at_the_wall_clock() {
    let before = wall();
    let now = Clock::system().now();

    assert!((before..=wall()).contains(&now), "{now}");
}

#[test]
fn a_manual_clock_moves_only_when_told() {
    let clock = Clock::manual(1000);
    let other = clock.clone();

    clock.advance(Duration::from_secs(61));

    assert_eq!(other.now(), 62_000);
}

#[tokio::test]
async fn follows_the_clock_of_the_store() {
    let clock = Clock::system();
    let ahead = wall() + HOUR;

    clock.measure(&Fake::with_time(ahead)).await.unwrap();

    let now = clock.now();
    assert!((ahead - 10..ahead + 10_000).contains(&now), "{now} is not about {ahead}");
}

#[tokio::test]
async fn never_goes_backwards_when_the_store_is_behind() {
    let clock = Clock::system();
    let before = clock.now();

    clock.measure(&Fake::with_time(before - HOUR)).await.unwrap();

    assert_eq!(clock.now(), before);
}

#[tokio::test]
async fn returns_to_the_wall_clock_for_a_store_without_its_own() {
    let clock = Clock::system();
    clock.follow(&Sample { time: wall() - HOUR, at: monotonic(), took: Duration::ZERO });

    clock.measure(&Fake::default()).await.unwrap();

    assert!(clock.now() >= wall() - 10);
}

#[tokio::test]
async fn goes_on_when_the_store_does_not_answer() {
    let clock = Clock::system();
    let before = clock.now();

    clock.measure(&Fake::unavailable()).await.unwrap_err();

    assert!((before..before + 10_000).contains(&clock.now()));
}

#[test]
fn readers_on_many_threads_see_no_step_backwards() {
    let clock = Clock::system();
    let done = AtomicBool::new(false);

    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = clock.now();
                while !done.load(Ordering::Relaxed) {
                    let now = clock.now();
                    assert!(now >= last, "{now} after {last}");
                    last = now;
                }
            });
        }
        for step in 0..2000 {
            let time = wall() + (step % 7) * 10 - 30;
            clock.follow(&Sample { time, at: monotonic(), took: Duration::ZERO });
        }
        done.store(true, Ordering::Relaxed);
    });
}
