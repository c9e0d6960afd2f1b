//! House rules that a compiler does not know: sizes of files, who depends on whom, where statuses stand.
#![expect(clippy::unwrap_used, reason = "a test ends where its files cannot be read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const MOST_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.')
                && !matches!(name.as_str(), "target" | "generated" | "node_modules")
            {
                rust_files(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);

    let long: Vec<String> = files
        .iter()
        .map(|path| (path, fs::read_to_string(path).unwrap().lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{}: {lines}", path.strip_prefix(root()).unwrap().display()))
        .collect();

    assert!(files.len() > 20);
    assert!(long.is_empty(), "{long:#?}");
}

/// What one crate says of itself.
struct Manifest {
    folder: String,
    name: String,
    /// Crates of this workspace, by table: `dependencies`, `dev-dependencies`, `build-dependencies`.
    ours: BTreeMap<String, BTreeSet<String>>,
    /// Crates of others.
    others: BTreeSet<String>,
}

fn manifests() -> Vec<Manifest> {
    let mut folders =
        vec!["api-spec", "codegen", "server", "conformance", "clients/rust", "clients/messaging"]
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
    for entry in fs::read_dir(root().join("storage")).unwrap() {
        folders.push(format!("storage/{}", entry.unwrap().file_name().to_string_lossy()));
    }
    folders.iter().filter_map(|folder| manifest(folder)).collect()
}

fn manifest(folder: &str) -> Option<Manifest> {
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).ok()?;
    let parsed: Value = toml::from_str(&text).unwrap();
    let mut ours = BTreeMap::new();
    let mut others = BTreeSet::new();
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let names = parsed[table].as_object().map(|members| members.keys().cloned());
        let (mine, foreign): (BTreeSet<String>, BTreeSet<String>) =
            names.into_iter().flatten().partition(|name| name.starts_with("sukkal"));
        ours.insert(table.to_owned(), mine);
        others.extend(foreign);
    }
    let name = parsed["package"]["name"].as_str().unwrap().to_owned();
    Some(Manifest { folder: folder.to_owned(), name, ours, others })
}

/// What a crate may use, by folder: in its code, in its build script, and in its tests.
fn allowed(folder: &str, drivers: &BTreeSet<String>) -> [BTreeSet<String>; 3] {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let with_drivers = |mut names: BTreeSet<String>| {
        names.extend(drivers.iter().cloned());
        names
    };
    match folder {
        "codegen" | "storage/core" | "clients/rust" => [set(&[]), set(&[]), set(&[])],
        "api-spec" => [set(&[]), set(&["sukkal-codegen"]), set(&[])],
        "storage/suite" => [set(&["sukkal-storage", "sukkal-storage-memory"]), set(&[]), set(&[])],
        "storage/drivers" => [with_drivers(set(&["sukkal-storage"])), set(&[]), set(&[])],
        "server" => [
            set(&["sukkal-spec", "sukkal-storage", "sukkal-drivers", "sukkal-client"]),
            set(&["sukkal-codegen"]),
            with_drivers(set(&["sukkal-storage-suite"])),
        ],
        "conformance" => [
            set(&["sukkal-spec"]),
            set(&[]),
            with_drivers(set(&[
                "sukkal-codegen",
                "sukkal-server",
                "sukkal-drivers",
                "sukkal-storage",
                "sukkal-storage-suite",
            ])),
        ],
        "clients/messaging" => [set(&["sukkal-client"]), set(&[]), set(&[])],
        _ => [set(&["sukkal-storage"]), set(&[]), set(&["sukkal-storage-suite"])],
    }
}

fn is_driver(folder: &str) -> bool {
    folder.starts_with("storage/")
        && !matches!(folder, "storage/core" | "storage/suite" | "storage/drivers")
}

#[test]
fn crates_depend_only_on_what_the_architecture_allows() {
    let all = manifests();
    let drivers: BTreeSet<String> =
        all.iter().filter(|each| is_driver(&each.folder)).map(|each| each.name.clone()).collect();

    let mut wrong = Vec::new();
    for each in &all {
        let allowed = allowed(&each.folder, &drivers);
        let tables = ["dependencies", "build-dependencies", "dev-dependencies"];
        for (table, allowed) in tables.iter().zip(&allowed) {
            let tests = *table == "dev-dependencies";
            for name in each.ours[*table].difference(allowed) {
                if !tests || !each.ours["dependencies"].contains(name) {
                    wrong.push(format!("{}: [{table}] {name}", each.folder));
                }
            }
        }
    }

    assert!(all.len() >= 7 && drivers.len() >= 2);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_contract_and_the_stores_know_no_transport() {
    let transports = ["axum", "hyper", "http", "tungstenite", "tokio-tungstenite", "utoipa"];
    let storage = |folder: &str| folder.starts_with("storage/");

    let wrong: Vec<String> = manifests()
        .iter()
        .filter(|each| each.folder == "api-spec" || storage(&each.folder))
        .flat_map(|each| each.others.iter().map(move |name| (each, name)))
        .filter(|(_, name)| transports.contains(&name.as_str()))
        .map(|(each, name)| format!("{}: {name}", each.folder))
        .collect();

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_binary_of_the_server_names_the_drivers() {
    let mut files = Vec::new();
    rust_files(&root().join("server/src"), &mut files);

    let wrong: Vec<String> = files
        .iter()
        .map(|path| path.strip_prefix(root()).unwrap().display().to_string())
        .filter(|path| {
            path != "server/src/main.rs"
                && !path.ends_with("/tests.rs")
                && !path.contains("/tests/")
        })
        .filter(|path| {
            let text = fs::read_to_string(root().join(path)).unwrap();
            ["sukkal_drivers", "sukkal_storage_"].iter().any(|name| text.contains(name))
        })
        .collect();

    assert!(files.iter().any(|path| path.ends_with("main.rs")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a line says a status: the type for it, or a number where a status is meant.
fn says_a_status(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let numbers =
        code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '.'));
    let mut statuses = numbers.filter(|word| {
        word.len() == 3 && word.parse::<u16>().is_ok_and(|number| (100..600).contains(&number))
    });
    code.contains("StatusCode") || (code.contains("status") && statuses.next().is_some())
}

#[test]
fn controllers_say_no_status() {
    let mut files = Vec::new();
    rust_files(&root().join("server/src/controller"), &mut files);
    rust_files(&root().join("conformance/src/cases"), &mut files);

    let mut wrong = Vec::new();
    for path in &files {
        for (number, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            if says_a_status(line) {
                let path = path.strip_prefix(root()).unwrap().display();
                wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }

    assert!(wrong.is_empty(), "statuses stand in the specification: {wrong:#?}");
}

#[test]
fn a_status_is_known_when_it_is_seen() {
    assert!(says_a_status("reply(StatusCode::OK)"));
    assert!(says_a_status("assert_eq!(reply.status, 404);"));
    assert!(!says_a_status("let ttl = 300;"));
    assert!(!says_a_status("// status 404"));
    assert!(!says_a_status("status_of(x1000)"));
}
