//! Broken specifications and the exact message each must give.
//!
//! Every folder beside `base` holds `edits.yaml`, applied to a copy of `base`, and `message`.
//! `UPDATE=1` rewrites the messages.
#![expect(clippy::unwrap_used, reason = "a test ends where its files cannot be read")]

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One change of the sound specification.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    /// What is replaced, and by what; or the text of a new file.
    replace: Option<String>,
    by: Option<String>,
    text: Option<String>,
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reject")
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(cases()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "base").collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn apply(folder: &Path, edit: &Edit) -> Result<(), String> {
    let path = folder.join(&edit.file);
    let text = match (&edit.replace, &edit.by, &edit.text) {
        (Some(replace), Some(by), None) => {
            let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            if text.matches(replace.as_str()).count() != 1 {
                return Err(format!("{} must hold {replace:?} once", edit.file));
            }
            text.replace(replace, by)
        }
        (None, None, Some(text)) => text.clone(),
        _ => return Err("an edit has \"replace\" and \"by\", or \"text\"".to_owned()),
    };
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).map_err(|error| error.to_string())
}

/// What codegen says about the edited specification.
fn told(name: &str) -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reject").join(name);
    let _ = fs::remove_dir_all(&folder);
    copy(&cases().join("base"), &folder);
    let edits = fs::read_to_string(cases().join(name).join("edits.yaml")).unwrap();
    let edits: Vec<Edit> = serde_norway::from_str(&edits).map_err(|error| error.to_string())?;
    for edit in &edits {
        apply(&folder, edit)?;
    }
    match sukkal_codegen::load(&folder) {
        Ok(_) => Err("was accepted".to_owned()),
        Err(error) => Ok(format!("{error}\n")),
    }
}

#[test]
fn accepts_the_specification_that_the_cases_break() {
    let read = sukkal_codegen::load(&cases().join("base"));

    assert_eq!(read.map(drop), Ok(()));
}

#[test]
fn names_what_is_wrong_and_where() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for name in names() {
        let path = cases().join(&name).join("message");
        match told(&name) {
            Ok(message) if update => fs::write(&path, message).unwrap(),
            Ok(message) => {
                let wanted = fs::read_to_string(&path).unwrap_or_default();
                if message != wanted {
                    wrong.push(format!("{name}: {message}  wanted: {wanted}"));
                }
            }
            Err(problem) => wrong.push(format!("{name}: {problem}\n")),
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.concat());
}
