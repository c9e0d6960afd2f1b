//! Reading JSON that was checked when it came in.

use serde::Deserialize;

/// Reads a text whose depth was bounded when it came in; the reader's own bound is a little lower.
///
/// # Errors
/// The text is not JSON, or is of another type.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use sukkal_spec::raw::MAX_DEPTH;

    use super::*;

    #[test]
    fn reads_every_depth_that_is_let_in() {
        let levels = MAX_DEPTH as usize;
        let text = format!("{}{}", "[".repeat(levels), "]".repeat(levels));

        assert!(read::<Value>(text.as_bytes()).is_ok());
        assert!(read::<Value>(b"[] []").is_err());
        assert!(read::<Value>(b"[").is_err());
    }
}
