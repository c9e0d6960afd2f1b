//! Spellings: the one place that turns a name of the specification into a Rust name.

/// `message_post` becomes `MessagePost`.
pub(crate) fn camel(name: &str) -> String {
    name.split(['_', '-', ':'])
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect::<String>()
            })
        })
        .collect()
}

/// `message_post` becomes `MESSAGE_POST`.
pub(crate) fn constant(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// A field name that Rust accepts.
pub(crate) fn field(name: &str) -> String {
    match name {
        "type" | "match" | "ref" | "self" | "move" | "use" | "in" | "as" => format!("r#{name}"),
        _ => name.trim_start_matches('_').to_owned(),
    }
}
