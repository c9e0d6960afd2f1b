//! Generated files that are checked in: fresh, sound, and all of them listed.
#![expect(clippy::unwrap_used, reason = "a test ends where its files cannot be read")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sukkal_codegen::{Artifact, LIST, MARK, documents, load};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rendered() -> Vec<Artifact> {
    documents(&load(&root().join("api-spec")).unwrap())
}

fn document(name: &str) -> Value {
    let all = rendered();
    let found = all.iter().find(|artifact| artifact.path == name).unwrap();
    serde_json::from_str(&found.text).unwrap()
}

/// Every file that may be ours: no hidden folder, no build output.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules") {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn checked_in_files_are_what_codegen_renders_now() {
    let stale: Vec<String> = rendered()
        .into_iter()
        .filter(|each| {
            fs::read_to_string(root().join(&each.path)).ok().as_ref() != Some(&each.text)
        })
        .map(|each| each.path)
        .collect();

    assert!(stale.is_empty(), "run `cargo run -p sukkal-codegen -- write`: {stale:?}");
}

#[test]
fn rendering_twice_gives_the_same_text() {
    assert_eq!(rendered(), rendered());
}

#[test]
fn every_generated_file_carries_the_mark_and_is_listed() {
    let listed: BTreeSet<String> =
        fs::read_to_string(root().join(LIST)).unwrap().lines().skip(1).map(str::to_owned).collect();

    let rendered: BTreeSet<String> = rendered()
        .into_iter()
        .filter(|each| each.text.lines().take(3).any(|line| line.contains(MARK)))
        .map(|each| each.path)
        .collect();

    assert_eq!(listed, rendered);
}

#[test]
fn no_other_file_carries_the_mark() {
    let mut all = Vec::new();
    files(&root(), &mut all);
    let listed: BTreeSet<PathBuf> = rendered().iter().map(|each| root().join(&each.path)).collect();

    let stray: Vec<&PathBuf> = all
        .iter()
        .filter(|path| !listed.contains(*path))
        .filter(|path| {
            let text = fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&text[..text.len().min(2000)]).contains(MARK)
        })
        .collect();

    assert!(stray.is_empty(), "generated, but not in {LIST}: {stray:?}");
}

/// Every value of this key, anywhere.
fn values<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, each)| {
            if name == key {
                found.push(each);
            }
            values(each, key, found);
        }),
        Value::Array(elements) => elements.iter().for_each(|each| values(each, key, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    for name in ["api-spec/openapi.json", "api-spec/actions.schema.json", "api-spec/asyncapi.json"]
    {
        let document = document(name);
        let mut references = Vec::new();
        values(&document, "$ref", &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let place = reference.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{name}: {place}");
        }
    }
}

#[test]
fn every_schema_of_the_openapi_document_compiles() {
    let document = document("api-spec/openapi.json");
    let mut schemas = Vec::new();
    values(&document["paths"], "schema", &mut schemas);

    assert!(schemas.len() > 50);
    for schema in schemas {
        let whole = json!({ "allOf": [schema], "components": document["components"] });
        assert!(jsonschema::draft202012::new(&whole).is_ok(), "{schema}");
    }
}

#[test]
fn frames_of_the_examples_fit_the_schema_of_their_action() {
    let schema = document("api-spec/actions.schema.json");
    let mut bodies = Vec::new();
    values(&schema["$defs"], "examples", &mut bodies);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let names = schema["$defs"].as_object().unwrap().keys();

    let requests: Vec<&String> = names.filter(|name| name.ends_with(".request")).collect();

    for name in &requests {
        let definition = &schema["$defs"][*name]["properties"];
        for body in definition["body"]["examples"].as_array().unwrap() {
            let headers = json!({ "Client-ID": "c", "X-Project-ID": "p", "X-Auth-Token": "t" });
            let frame = json!({ "action": definition["action"]["const"], "headers": headers, "body": body });
            assert!(validator.is_valid(&frame), "{frame}");
        }
    }
    let wrong = json!({ "action": "queue_get", "headers": {}, "body": {} });
    assert!(!validator.is_valid(&wrong), "a schema that takes anything proves nothing");
    assert!(requests.len() > 10);
}
