//! When telling a subscriber is tried again.

mod backoff;

use std::time::Duration;

use serde_json::{Map, Value};

pub use backoff::Backoff;

/// No phase has more retries than this.
const MOST_RETRIES: u32 = 1000;
/// No delay is longer, in seconds: a day.
const LONGEST_DELAY: u32 = 86_400;

/// When a message is sent again to a subscriber that could not be told: at once, then after the least delay, then
/// after growing delays, then after the most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many retries follow at once.
    pub retries_with_no_delay: u32,
    /// How many follow after the least delay.
    pub minimum_delay_retries: u32,
    /// The least delay, in seconds.
    pub minimum_delay: u32,
    /// The most delay, in seconds.
    pub maximum_delay: u32,
    /// How many follow after the most delay.
    pub maximum_delay_retries: u32,
    /// How delays grow in between.
    pub backoff: Backoff,
    /// Whether the policy of the queue applies whatever a subscription says.
    pub ignore_subscription_override: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries_with_no_delay: 3,
            minimum_delay_retries: 3,
            minimum_delay: 5,
            maximum_delay: 30,
            maximum_delay_retries: 3,
            backoff: Backoff::Linear,
            ignore_subscription_override: false,
        }
    }
}

impl RetryPolicy {
    /// Reads the policy among the attributes of a queue or the options of a subscription; absent if there is none
    /// or an empty one. Numbers beyond their bounds count as the bound, what is of the wrong type as not given.
    pub fn among(document: &Map<String, Value>) -> Option<Self> {
        let policy =
            document.get("_retry_policy")?.as_object().filter(|policy| !policy.is_empty())?;
        let default = Self::default();
        let number = |name: &str, default: u32, most: u32| {
            let given = policy.get(name).and_then(Value::as_i64);
            given.map_or(default, |given| {
                u32::try_from(given.clamp(0, i64::from(most))).unwrap_or(most)
            })
        };
        let count = |name, default| number(name, default, MOST_RETRIES);
        let delay = |name, default| number(name, default, LONGEST_DELAY);
        let backoff = policy.get("retry_backoff_function").and_then(Value::as_str);
        Some(Self {
            retries_with_no_delay: count("retries_with_no_delay", default.retries_with_no_delay),
            minimum_delay_retries: count("minimum_delay_retries", default.minimum_delay_retries),
            minimum_delay: delay("minimum_delay", default.minimum_delay),
            maximum_delay: delay("maximum_delay", default.maximum_delay),
            maximum_delay_retries: count("maximum_delay_retries", default.maximum_delay_retries),
            backoff: backoff.and_then(Backoff::from_name).unwrap_or_default(),
            ignore_subscription_override: policy.get("ignore_subscription_override")
                == Some(&Value::Bool(true)),
        })
    }

    /// The policy that applies to a subscription of a queue. Policies are not merged.
    pub fn applying(queue: Option<&Self>, subscription: Option<&Self>) -> Self {
        let insists = |policy: Option<&Self>| {
            policy.is_some_and(|policy| policy.ignore_subscription_override)
        };
        let own = subscription.filter(|own| !insists(queue) && !insists(Some(own)));
        own.or(queue).cloned().unwrap_or_default()
    }

    /// How long to wait after this many attempts before the next; absent if there is no next.
    pub fn pause_after(&self, attempts: u32) -> Option<Duration> {
        let mut retry = attempts.saturating_sub(1);
        let (least, most) = (self.minimum_delay, self.maximum_delay);
        let growing = self.backoff.count(least, most);
        for (phase, count) in [
            (Phase::Immediate, self.retries_with_no_delay),
            (Phase::Least, self.minimum_delay_retries),
            (Phase::Growing, growing),
            (Phase::Most, self.maximum_delay_retries),
        ] {
            if retry < count {
                let seconds = match phase {
                    Phase::Immediate => 0,
                    Phase::Least => least,
                    Phase::Growing => self.backoff.delay(retry + 1, least, most),
                    Phase::Most => most,
                };
                return Some(Duration::from_secs(seconds.into()));
            }
            retry -= count;
        }
        None
    }

    /// At most how long it is from the first attempt to the last, if each ends at once.
    pub fn longest_time(&self) -> Duration {
        let seconds = |count: u32, delay: u32| u64::from(count) * u64::from(delay);
        let (least, most) = (self.minimum_delay, self.maximum_delay);
        let late = self.backoff.count(least, most) + self.maximum_delay_retries;
        Duration::from_secs(seconds(self.minimum_delay_retries, least) + seconds(late, most))
    }
}

#[derive(Clone, Copy)]
enum Phase {
    Immediate,
    Least,
    Growing,
    Most,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(policy: Value) -> Option<RetryPolicy> {
        let document = json!({ "_retry_policy": policy });
        RetryPolicy::among(document.as_object().unwrap())
    }

    fn pauses(policy: &RetryPolicy) -> Vec<u64> {
        (1..).map_while(|attempts| policy.pause_after(attempts)).map(|it| it.as_secs()).collect()
    }

    #[test]
    fn by_default_fourteen_retries_follow_within_three_minutes() {
        let policy = RetryPolicy::default();

        assert_eq!(pauses(&policy), [0, 0, 0, 5, 5, 5, 5, 10, 15, 20, 25, 30, 30, 30]);
        assert_eq!(pauses(&policy).iter().sum::<u64>(), 180);
        assert!(policy.longest_time() >= Duration::from_secs(180));
    }

    #[test]
    fn missing_keys_take_defaults_and_others_are_used() {
        let policy = policy(json!({
            "retries_with_no_delay": 1, "minimum_delay_retries": 0, "minimum_delay": 10,
            "maximum_delay": 60, "retry_backoff_function": "geometric",
        }));

        let wanted = [0, 10, 12, 14, 18, 22, 27, 33, 40, 49, 60, 60, 60, 60];
        assert_eq!(pauses(&policy.unwrap()), wanted);
    }

    #[test]
    fn an_empty_policy_is_none() {
        for value in [json!({}), json!(null), json!([]), json!("x"), json!(0)] {
            assert_eq!(policy(value.clone()), None, "{value}");
        }
        assert_eq!(RetryPolicy::among(&Map::new()), None);
    }

    #[test]
    fn negative_and_huge_numbers_are_bounded() {
        let read = policy(json!({
            "retries_with_no_delay": -1, "minimum_delay_retries": i64::MAX, "minimum_delay": -5,
            "maximum_delay": i64::MAX, "maximum_delay_retries": true,
            "retry_backoff_function": "exponential",
        }));

        let wanted = RetryPolicy {
            retries_with_no_delay: 0,
            minimum_delay_retries: 1000,
            minimum_delay: 0,
            maximum_delay: 86_400,
            maximum_delay_retries: 3,
            backoff: Backoff::Exponential,
            ignore_subscription_override: false,
        };
        assert_eq!(read.as_ref(), Some(&wanted));
        assert_eq!(wanted.pause_after(u32::MAX), None);
        assert_eq!(pauses(&wanted).len(), 1000 + 17_280 + 3);
    }

    #[test]
    fn the_subscription_decides_unless_a_policy_says_that_the_queue_does() {
        let with = |count: u32, ignore: bool| RetryPolicy {
            retries_with_no_delay: count,
            ignore_subscription_override: ignore,
            ..RetryPolicy::default()
        };
        let (queue, own) = (with(7, false), with(9, false));
        let chosen = |queue: Option<&RetryPolicy>, own: Option<&RetryPolicy>| {
            RetryPolicy::applying(queue, own).retries_with_no_delay
        };

        assert_eq!(chosen(Some(&queue), Some(&own)), 9);
        assert_eq!(chosen(None, Some(&own)), 9);
        assert_eq!(chosen(Some(&queue), None), 7);
        assert_eq!(chosen(None, None), 3);
        assert_eq!(chosen(Some(&with(7, true)), Some(&own)), 7);
        assert_eq!(chosen(Some(&queue), Some(&with(9, true))), 7);
        assert_eq!(chosen(None, Some(&with(9, true))), 3);
    }
}
