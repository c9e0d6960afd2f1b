//! The recorded exchanges, grouped into scenarios.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

use super::exchange::Exchange;
use super::template::{UnknownPlaceholder, check_placeholders};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        const FILES: &[(&str, &str)] =
            &[$((concat!($name, ".jsonl"), include_str!(concat!("../../vectors/", $name, ".jsonl")))),*];
    };
}

files!(
    "claims",
    "flavors",
    "headers",
    "health",
    "messages_delete",
    "messages_get",
    "messages_list",
    "messages_post",
    "notifications",
    "pooled_queues",
    "pools",
    "purge",
    "queue_list",
    "queue_patch",
    "queues",
    "stats",
    "subscriptions",
    "topics",
    "urls",
    "versions",
    "ws_claims",
    "ws_messages",
    "ws_mixed",
    "ws_notifications",
    "ws_protocol",
    "ws_queues",
    "ws_subscriptions",
);

/// Scenarios in file order.
#[derive(Debug, Clone, Default)]
pub struct Vectors(pub(super) Vec<Scenario>);

/// Exchanges played in order against one server with one project.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) exchanges: Vec<Exchange>,
}

/// Why recorded exchanges cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    #[error("cannot read {path}: {reason}")]
    Read { path: PathBuf, reason: io::Error },
    #[error("{file} line {line}: {reason}")]
    Line { file: String, line: usize, reason: serde_json::Error },
    #[error("{file} line {line}: {reason}")]
    Placeholder { file: String, line: usize, reason: UnknownPlaceholder },
    #[error("the exchange id {0:?} is used twice")]
    DuplicateId(String),
}

impl Vectors {
    /// The exchanges that come with this crate.
    pub fn embedded() -> Result<Self, VectorsError> {
        Self::parse(FILES.iter().copied())
    }

    /// Reads every `*.jsonl` file of a directory, in the order of their names.
    pub fn read(directory: &Path) -> Result<Self, VectorsError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            |reason| VectorsError::Read { path, reason }
        };
        let mut paths: Vec<PathBuf> = fs::read_dir(directory)
            .map_err(at(directory))?
            .map(|entry| entry.map(|entry| entry.path()).map_err(at(directory)))
            .collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            files.push((path.display().to_string(), text));
        }
        Self::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Reads exchanges from named texts with one JSON object per line.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, VectorsError> {
        let mut scenarios: Vec<Scenario> = Vec::new();
        let mut ids = BTreeSet::new();
        for (file, text) in files {
            for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let exchange = parse_line(file, at + 1, line)?;
                if !ids.insert(exchange.id.clone()) {
                    return Err(VectorsError::DuplicateId(exchange.id));
                }
                match scenarios.iter_mut().find(|scenario| scenario.name == exchange.scenario) {
                    Some(scenario) => scenario.exchanges.push(exchange),
                    None => scenarios.push(Scenario {
                        name: exchange.scenario.clone(),
                        exchanges: vec![exchange],
                    }),
                }
            }
        }
        Ok(Self(scenarios))
    }

    /// The ids of all exchanges, in file order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.exchanges().map(|exchange| exchange.id.as_str())
    }

    /// All exchanges, scenario by scenario.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.0.iter().flat_map(|scenario| &scenario.exchanges)
    }
}

fn parse_line(file: &str, line: usize, text: &str) -> Result<Exchange, VectorsError> {
    let broken = |reason| VectorsError::Line { file: file.to_owned(), line, reason };
    let value: Value = serde_json::from_str(text).map_err(broken)?;
    check_placeholders(&value).map_err(|reason| VectorsError::Placeholder {
        file: file.to_owned(),
        line,
        reason,
    })?;
    serde_json::from_value(value).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_directory_is_embedded() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");

        let read = Vectors::read(&directory).unwrap();

        let embedded = Vectors::embedded().unwrap();
        assert!(read.ids().eq(embedded.ids()));
        assert!(embedded.ids().count() > 800);
    }

    #[test]
    fn lines_of_one_scenario_come_together() {
        let line = |id: &str, scenario: &str| {
            format!(
                r#"{{"id":"{id}","group":"g","profile":"base","scenario":"{scenario}","kind":"ws-close","request":{{"connection":"a"}},"response":{{}}}}"#
            )
        };
        let text = [line("a/1", "a"), line("b/1", "b"), line("a/2", "a")].join("\n");

        let vectors = Vectors::parse([("f", text.as_str())]).unwrap();

        assert_eq!(vectors.ids().collect::<Vec<_>>(), ["a/1", "a/2", "b/1"]);
    }

    #[test]
    fn broken_lines_are_refused_with_their_place() {
        let unknown =
            r#"{"id":"a","group":"g","profile":"base","scenario":"s","kind":"smoke","request":{}}"#;
        let placeholder = r#"{"id":"a","group":"g","profile":"base","scenario":"s","kind":"ws-close","request":{"connection":"${nope}"}}"#;
        for text in ["{", unknown, placeholder] {
            let error = Vectors::parse([("f", text)]).unwrap_err();
            assert!(error.to_string().starts_with("f line 1: "), "{error}");
        }
    }

    #[test]
    fn an_id_used_twice_is_refused() {
        let line = r#"{"id":"a","group":"g","profile":"base","scenario":"s","kind":"ws-close","request":{"connection":"c"},"response":{}}"#;

        assert!(matches!(
            Vectors::parse([("f", line), ("g", line)]),
            Err(VectorsError::DuplicateId(id)) if id == "a"
        ));
    }
}
