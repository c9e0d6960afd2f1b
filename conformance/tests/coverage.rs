//! What the cases leave out: nothing but what the list of exceptions names.

mod specification;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use specification::examples;
use sukkal_conformance::cases;
use sukkal_conformance::service::Transport;
use sukkal_spec::{ERROR_NAMES, OPERATIONS};

/// How long the list of exceptions is. It may only get shorter.
const EXCEPTIONS: usize = 2;

#[test]
fn every_operation_has_a_case_over_each_of_its_bindings() {
    let lacking: Vec<String> = OPERATIONS
        .iter()
        .flat_map(|info| Transport::ALL.map(|transport| (info, transport)))
        .filter(|(info, transport)| match transport {
            Transport::Http => info.http.is_some(),
            _ => info.websocket.is_some(),
        })
        .filter(|(info, transport)| {
            !cases::all().any(|case| case.operation.name == info.name && case.fits(*transport))
        })
        .map(|(info, transport)| format!("{} over {transport}", info.name))
        .collect();

    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn every_operation_has_an_example_in_each_of_its_bindings() {
    let examples = examples();

    let lacking: Vec<&str> = OPERATIONS
        .iter()
        .filter(|info| {
            let shown = |transport| {
                examples
                    .iter()
                    .any(|each| each.info.name == info.name && each.is_shown_on(transport))
            };
            info.http.is_some() && !shown(Transport::Http)
                || info.websocket.is_some() && !shown(Transport::Json)
        })
        .map(|info| info.name)
        .collect();

    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn no_two_cases_have_one_name() {
    let mut names = BTreeSet::new();

    let twice: Vec<&str> =
        cases::all().map(|case| case.name).filter(|name| !names.insert(*name)).collect();

    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn every_error_is_provoked_by_a_case() {
    let mut source = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases"), &mut source);
    source.push_str(include_str!("confirmation.rs"));
    source.push_str(include_str!("encryption.rs"));
    source.push_str(include_str!("settings.rs"));
    source.push_str(include_str!("stages.rs"));
    // A document that cannot be read is told by an error of the transport.
    let unreadable = ["input_invalid", "frame_unreadable"];
    let provoked = |name: &str| {
        source.contains(&format!("\"{name}\""))
            || source.contains("expect_unreadable") && unreadable.contains(&name)
    };
    let listed = include_str!("unprovoked.txt");
    let exceptions: BTreeSet<&str> = listed.lines().filter(|line| !line.is_empty()).collect();

    let lacking: BTreeSet<&str> =
        ERROR_NAMES.iter().copied().filter(|name| !provoked(name)).collect();

    assert_eq!(lacking, exceptions, "an error needs a case; one that has a case is no exception");
    assert!(exceptions.len() <= EXCEPTIONS, "the list of exceptions may only get shorter");
}

fn read(folder: &Path, source: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, source);
        } else {
            source.push_str(&fs::read_to_string(&path).expect("a file"));
        }
    }
}
