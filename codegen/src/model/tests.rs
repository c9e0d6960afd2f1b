//! Every key that can be written has its paragraph in `KEYWORDS.md`, and nothing else has one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::schema::all_keywords;

const SOURCES: &[&str] =
    &["src/model.rs", "src/model/access.rs", "src/model/binding.rs", "src/model/outcome.rs"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The fields of every structure that is read from a file.
fn keys_of_the_model() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in SOURCES {
        let text = read(source);
        for block in text.split("#[derive(").skip(1) {
            let (derives, rest) = block.split_once(")]").unwrap();
            let written = rest.contains("deny_unknown_fields");
            if !derives.contains("Deserialize") || !written {
                continue;
            }
            let body = rest.split_once('{').map_or("", |(_, body)| body);
            found.extend(keys_of_a_structure(body.split("\n}").next().unwrap_or_default()));
        }
    }
    found
}

fn keys_of_a_structure(body: &str) -> BTreeSet<String> {
    let mut renamed = None;
    let mut found = BTreeSet::new();
    for line in body.lines().map(str::trim) {
        if let Some((_, name)) = line.split_once("rename = \"") {
            renamed = name.split('"').next().map(str::to_owned);
        }
        if let Some((name, _)) = line.strip_prefix("pub ").and_then(|rest| rest.split_once(':')) {
            let name = name.trim_start_matches("r#").to_owned();
            found.insert(renamed.take().unwrap_or(name));
        }
    }
    found
}

/// The words that stand in bold code.
fn documented() -> BTreeSet<String> {
    let text = read("../api-spec/KEYWORDS.md");
    let parts = text.split("**`").skip(1);
    parts.filter_map(|part| part.split_once("`**").map(|(word, _)| word.to_owned())).collect()
}

#[test]
fn every_key_has_its_paragraph_and_no_paragraph_is_about_nothing() {
    let mut known = keys_of_the_model();
    known.extend(all_keywords().into_iter().map(str::to_owned));
    known.extend(["kinds", "like", "views"].map(str::to_owned));
    let documented = documented();

    let missing: Vec<&String> = known.difference(&documented).collect();
    let stale: Vec<&String> = documented.difference(&known).collect();

    assert!(known.len() > 80, "{known:?}");
    assert!(missing.is_empty(), "no paragraph: {missing:?}");
    assert!(stale.is_empty(), "no such key: {stale:?}");
}
