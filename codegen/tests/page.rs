//! The reference page: it says everything, and loads nothing.
#![expect(clippy::unwrap_used, reason = "a test ends where its files cannot be read")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page() -> String {
    fs::read_to_string(root().join("api-spec/reference.html")).unwrap()
}

#[test]
fn has_a_section_for_every_operation_with_its_fields_outcomes_and_examples() {
    let spec = sukkal_codegen::load(&root().join("api-spec")).unwrap();
    let page = page();

    for operation in &spec.operations {
        let begin = format!("<section id=\"{}\">", operation.name());
        let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{begin}"));
        let (section, _) = rest.split_once("</section>").unwrap();
        let mut wanted: Vec<String> = operation.fields().keys().cloned().collect();
        wanted.extend(operation.written.outcomes.keys().cloned());
        wanted.extend(operation.written.examples.iter().map(|each| each.name.replace('_', " ")));
        wanted.extend(operation.written.http.as_ref().map(|binding| binding.path.clone()));
        wanted.extend(operation.written.websocket.as_ref().map(|binding| binding.action.clone()));
        for word in wanted {
            assert!(section.contains(&word), "{}: {word}", operation.name());
        }
    }
    assert!(spec.operations.len() > 20);
}

#[test]
fn loads_nothing_and_runs_nothing() {
    let page = page();

    for word in ["<script", "<link", "<img", "<iframe", "@import", "url(", "javascript:"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn every_link_leads_to_a_place_of_the_page_or_to_a_document_beside_it() {
    let page = page();
    let mut links = 0;
    for link in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        match link.strip_prefix('#') {
            Some(place) => assert!(page.contains(&format!("id=\"{place}\"")), "{link}"),
            None => assert!(root().join("api-spec").join(link).exists(), "{link}"),
        }
        links += 1;
    }
    assert!(links > 100);
}
