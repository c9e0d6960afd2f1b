//! Reading the file.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::load::Source;
use super::option::Kind;
use super::problem::{Place, Problem};
use super::table::Table;
use super::value::Value;

/// What a file gives: the place of each option in the table, its value, and where it stands.
pub(super) type Found = Vec<(usize, Value, Source)>;

type Key<'a> = Spanned<DeString<'a>>;
type Entry<'a> = Spanned<DeValue<'a>>;

/// Reads the text of a file; problems go to the list.
pub(super) fn read(table: &Table, path: &Path, text: &str, problems: &mut Vec<Problem>) -> Found {
    let mut reading = Reading { table, path, text, problems, found: Vec::new() };
    match DeTable::parse(text) {
        Ok(document) => reading.document(document.get_ref()),
        Err(error) => {
            let place = reading.place(error.span().map(|span| span.start));
            reading.problems.push(Problem::at(place, error.message()));
        }
    }
    reading.found
}

struct Reading<'a> {
    table: &'a Table,
    path: &'a Path,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
    found: Found,
}

impl Reading<'_> {
    fn document(&mut self, document: &DeTable<'_>) {
        let sections = self.table.sections();
        for (key, entry) in document {
            let name = key.get_ref().as_ref();
            match entry.get_ref() {
                DeValue::Table(options) if sections.contains(&name) => {
                    for (key, entry) in options {
                        self.option(name, key, entry);
                    }
                }
                DeValue::Table(_) if self.table.position("", name).is_none() => {
                    let nearest = self.table.nearest_section(name).unwrap_or_default();
                    let message = format!("unknown section [{name}]; the nearest is [{nearest}]");
                    self.problem(key, message);
                }
                _ if sections.contains(&name) => {
                    self.problem(
                        key,
                        format!("{name} is a section: write [{name}] and its options below"),
                    );
                }
                _ => self.option("", key, entry),
            }
        }
    }

    fn option(&mut self, section: &str, key: &Key<'_>, entry: &Entry<'_>) {
        let name = key.get_ref().as_ref();
        let Some(position) = self.table.position(section, name) else {
            let full =
                if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            let message = unknown_option(self.table, &full);
            self.problem(key, message);
            return;
        };
        let option = &self.table.options()[position];
        match Value::from_document(&option.kind, entry.get_ref()) {
            Some(value) => {
                let line = line_of(self.text, key.span().start);
                self.found.push((
                    position,
                    value,
                    Source::File { path: self.path.to_owned(), line },
                ));
            }
            None => {
                let hides = option.secret || matches!(option.kind, Kind::Uri | Kind::Map);
                let given = if hides { "the value".to_owned() } else { self.excerpt(entry) };
                let message = format!(
                    "{}: {given} is not allowed; it takes {}",
                    option.full_name(),
                    option.kind.allowed()
                );
                self.problem(key, message);
            }
        }
    }

    fn excerpt(&self, entry: &Entry<'_>) -> String {
        let given = self.text.get(entry.span()).unwrap_or_default();
        let line = given.lines().next().unwrap_or_default();
        line.chars().take(60).collect()
    }

    fn problem(&mut self, key: &Key<'_>, message: String) {
        let place = self.place(Some(key.span().start));
        self.problems.push(Problem::at(place, message));
    }

    fn place(&self, offset: Option<usize>) -> Place {
        Place::File {
            path: self.path.to_owned(),
            line: offset.map(|offset| line_of(self.text, offset)),
        }
    }
}

/// The complaint about a name that is in no table.
pub(super) fn unknown_option(table: &Table, full_name: &str) -> String {
    let nearest = table.nearest_option(full_name).unwrap_or_default();
    format!("unknown option {full_name}; the nearest is {nearest}")
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
