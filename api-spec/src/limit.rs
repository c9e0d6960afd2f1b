//! What a bound that was broken says.

/// A number or the length of a list is outside its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The field.
    pub field: &'static str,
    /// The text, with `{minimum}` and `{maximum}`.
    pub text: &'static str,
    /// The least allowed value.
    pub minimum: i64,
    /// The greatest allowed value.
    pub maximum: i64,
}

/// A document is larger than the route reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The kind of error, by name.
    pub kind: &'static crate::KindInfo,
    /// The text, with `{maximum}`.
    pub text: &'static str,
    /// The largest size in bytes.
    pub maximum: i64,
}

/// A bound that configuration may change.
#[derive(Clone, Copy, Debug)]
pub struct LimitOption {
    /// The name of the option.
    pub name: &'static str,
    /// The value without configuration.
    pub default: i64,
    /// The least value it can be set to.
    pub minimum: i64,
    /// What is counted.
    pub unit: &'static str,
    /// What it bounds, a sentence.
    pub doc: &'static str,
}
