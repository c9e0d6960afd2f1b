//! Query strings, read as the service has always read forms.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use sukkal_spec::ApiError;
use sukkal_spec::binding::{HttpBinding, QueryField, QueryKind};
use sukkal_spec::decode::CarriedValue;

/// The parameters of a query string, in order: each occurrence with its comma-separated, decoded parts.
pub(crate) struct Query<'a>(Vec<(Cow<'a, str>, Vec<Cow<'a, str>>)>);

/// Typed values and their spelling in links, by field.
#[derive(Debug, Default)]
pub(crate) struct Typed<'a> {
    /// For the decoder.
    pub values: Vec<(&'static str, CarriedValue<'a>)>,
    /// For links.
    pub spelled: Vec<(&'static str, String)>,
}

impl<'a> Query<'a> {
    /// Splits a query string: blank values count as absent, an unencoded comma splits, `+` is a blank.
    pub(crate) fn parse(text: &'a str) -> Self {
        let mut found = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let parts: Vec<Cow<'a, str>> =
                value.split(',').filter(|part| !part.is_empty()).map(decode).collect();
            if !parts.is_empty() {
                found.push((decode(name), parts));
            }
        }
        Self(found)
    }

    /// Whether a parameter is there with a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(each, _)| each == name)
    }

    /// All values of a parameter, over all its occurrences.
    fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &Cow<'a, str>> {
        self.0.iter().filter(move |(each, _)| each == name).flat_map(|(_, parts)| parts)
    }

    /// Reads the parameters a binding knows.
    ///
    /// # Errors
    /// [`ApiError::ParameterInvalid`] for a value of the wrong type.
    pub(crate) fn typed(&self, binding: &HttpBinding) -> Result<Typed<'a>, ApiError> {
        let mut typed = Typed::default();
        for field in binding.query {
            if let Some((value, spelled)) = self.value(field)? {
                typed.values.push((field.field, value));
                typed.spelled.push((field.wire, spelled));
            }
        }
        if let Some(rest) = binding.query_rest {
            let known = |name: &str| binding.query.iter().any(|field| field.wire == name);
            let others: Vec<(String, String)> = self
                .0
                .iter()
                .filter(|(name, _)| !known(name))
                .filter_map(|(name, parts)| Some((name.to_string(), parts.last()?.to_string())))
                .collect();
            if !others.is_empty() {
                typed.values.push((rest, CarriedValue::Map(others)));
            }
        }
        Ok(typed)
    }

    fn value(&self, field: &QueryField) -> Result<Option<(CarriedValue<'a>, String)>, ApiError> {
        if field.kind == QueryKind::List {
            let list: Vec<String> = self.all(field.wire).map(Cow::to_string).collect();
            let spelled = list.join(",");
            return Ok((!list.is_empty()).then_some((CarriedValue::List(list), spelled)));
        }
        let Some(last) = self.all(field.wire).next_back() else { return Ok(None) };
        let refuse = |problem: &str| ApiError::ParameterInvalid {
            parameter: field.wire.to_owned(),
            problem: problem.to_owned(),
        };
        Ok(Some(match field.kind {
            QueryKind::Integer => {
                let number =
                    integer(last).ok_or_else(|| refuse("The value must be an integer."))?;
                (CarriedValue::Integer(number), number.to_string())
            }
            QueryKind::Boolean => {
                let truth = boolean(last).ok_or_else(|| {
                    refuse("The value of the parameter must be \"true\" or \"false\".")
                })?;
                (CarriedValue::Boolean(truth), truth.to_string())
            }
            _ => (CarriedValue::Text(last.clone()), last.to_string()),
        }))
    }
}

/// Decodes `%XX` and `+`; bytes that are not UTF-8 become replacement characters.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// An integer as old clients write them: blanks around it, a sign, underscores between digits.
///
/// One that does not fit 64 bits becomes the nearest that does: it breaks the bounds all the same.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lone = digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if digits.is_empty()
        || lone
        || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return None;
    }
    let digits: String = digits.chars().filter(|letter| *letter != '_').collect();
    let signed = if negative { format!("-{digits}") } else { digits };
    Some(signed.parse().unwrap_or(if negative { i64::MIN } else { i64::MAX }))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "t" | "yes" | "y" | "1" | "on" => Some(true),
        "false" | "False" | "f" | "no" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers_as_old_clients_write_them() {
        for (text, wanted) in [
            ("5", Some(5)),
            (" 5 ", Some(5)),
            ("+5", Some(5)),
            ("-1", Some(-1)),
            ("1_0", Some(10)),
            ("99999999999999999999", Some(i64::MAX)),
            ("1.5", None),
            ("_1", None),
            ("", None),
            ("-", None),
            ("0x10", None),
        ] {
            assert_eq!(integer(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn splits_at_plain_commas_only_and_drops_blanks() {
        let query = Query::parse("ids=a,b%2Cc,&ids=d&limit=&bare&x=1+2");

        let ids: Vec<&str> = query.all("ids").map(AsRef::as_ref).collect();

        assert_eq!(ids, ["a", "b,c", "d"]);
        assert!(!query.has("limit"));
        assert!(!query.has("bare"));
        assert_eq!(query.all("x").next().map(AsRef::as_ref), Some("1 2"));
    }
}
