//! The rules of a retry policy: an attribute of queues, and an option of subscriptions.

use serde_json::{Map, Value};

const NUMBERS: [(&str, i64); 5] = [
    ("retries_with_no_delay", 3),
    ("minimum_delay_retries", 3),
    ("minimum_delay", 5),
    ("maximum_delay", 30),
    ("maximum_delay_retries", 3),
];
const BACKOFFS: [&str; 4] = ["linear", "arithmetic", "geometric", "exponential"];
/// How far apart the delays must be, in seconds.
const LEAST_SPREAD: i64 = 10;

/// Says what is wrong with a policy, if anything is.
pub(super) fn problem(policy: &Value) -> Option<String> {
    let Some(policy) = policy.as_object() else {
        return Some("retry_policy must be a dict.".to_owned());
    };
    for (name, _) in NUMBERS {
        if policy.get(name).is_some_and(|value| value.as_i64().is_none()) {
            return Some(format!("Retry policy: {name} must be a integer."));
        }
    }
    match policy.get("retry_backoff_function") {
        None => {}
        Some(Value::String(name)) if BACKOFFS.contains(&name.as_str()) => {}
        Some(Value::String(_)) => return Some("invalid retry_backoff_function.".to_owned()),
        Some(_) => return Some("retry_backoff_function must be a string.".to_owned()),
    }
    if policy.get("ignore_subscription_override").is_some_and(|value| !value.is_boolean()) {
        return Some("ignore_subscription_override must be a boolean.".to_owned());
    }
    let (least, most) = (number(policy, "minimum_delay"), number(policy, "maximum_delay"));
    if most < least {
        return Some("minimum_delay must less than maximum_delay.".to_owned());
    }
    if most.saturating_sub(least) < LEAST_SPREAD {
        return Some("invalid minimum_delay and maximum_delay.".to_owned());
    }
    None
}

fn number(policy: &Map<String, Value>, name: &str) -> i64 {
    let default = NUMBERS.iter().find(|(each, _)| *each == name).map_or(0, |(_, default)| *default);
    policy.get(name).and_then(Value::as_i64).unwrap_or(default)
}
