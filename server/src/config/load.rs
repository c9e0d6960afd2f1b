//! Bringing the sources together: flag over variable over file over default.

use std::fmt;
use std::path::PathBuf;

use super::document::{self, unknown_option};
use super::option::{Kind, OptionDef};
use super::problem::{ConfigError, Place, Problem};
use super::table::Table;
use super::value::Value;

/// The variable that names the file; read by the command line, no option of its own.
const FILE_VARIABLE: &str = "SUKKAL_CONFIG";

/// Where values may come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// The environment; names that do not begin with `SUKKAL_` are skipped.
    pub environment: Vec<(String, String)>,
    /// The flags, in their order; a later one wins.
    pub flags: Vec<Given>,
}

/// A value given by a flag.
#[derive(Clone, Debug)]
pub struct Given {
    /// The flag as typed, for messages: `--http` or `--set http.listen`.
    pub flag: String,
    /// The full name of the option.
    pub option: String,
    /// The value as typed.
    pub value: String,
}

/// Where the value of an option came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody gave one.
    Default,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, the first being 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

/// The effective value of every option.
#[derive(Clone, Debug)]
pub struct Settings {
    table: Table,
    values: Vec<(Value, Source)>,
    warnings: Vec<String>,
}

/// Reads all sources.
///
/// # Errors
/// Every problem of every source at once.
pub fn load(table: Table, sources: &Sources) -> Result<Settings, ConfigError> {
    let values =
        table.options().iter().map(|each| (each.fallback.value(), Source::Default)).collect();
    let mut settings = Settings { table, values, warnings: Vec::new() };
    let mut problems = Vec::new();
    settings.read_file(sources, &mut problems);
    settings.read_environment(sources, &mut problems);
    settings.read_flags(sources, &mut problems);
    if problems.is_empty() { Ok(settings) } else { Err(ConfigError { problems }) }
}

impl Settings {
    /// Each option with its effective value and where that came from.
    pub fn iter(&self) -> impl Iterator<Item = (&OptionDef, &Value, &Source)> {
        self.table
            .options()
            .iter()
            .zip(&self.values)
            .map(|(option, (value, source))| (option, value, source))
    }

    /// What deserves a line in the log, though it stops nothing.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The value of an option by its full name; `None` if the table has no such option.
    pub fn value(&self, full_name: &str) -> Option<&Value> {
        let (section, name) = full_name.rsplit_once('.').unwrap_or(("", full_name));
        self.table.position(section, name).map(|position| &self.values[position].0)
    }

    fn read_file(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        let Some(path) = &sources.file else { return };
        match std::fs::read_to_string(path) {
            Ok(text) => {
                for (position, value, source) in document::read(&self.table, path, &text, problems)
                {
                    self.values[position] = (value, source);
                }
            }
            Err(error) => {
                let place = Place::File { path: path.clone(), line: None };
                problems.push(Problem::at(place, format!("cannot be read: {error}")));
            }
        }
    }

    fn read_environment(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        let variables: Vec<_> = self.table.options().iter().map(OptionDef::variable).collect();
        for (name, text) in &sources.environment {
            if !name.starts_with("SUKKAL_") || name == FILE_VARIABLE {
                continue;
            }
            let place = Place::Variable(name.clone());
            let source = Source::Variable(name.clone());
            let known = variables.iter().enumerate().find_map(|(position, variable)| {
                match self.table.options()[position].kind {
                    Kind::Map => {
                        let entry = name
                            .strip_prefix(variable.as_str())
                            .filter(|entry| !entry.is_empty())?;
                        Some((position, Some(entry.to_ascii_lowercase())))
                    }
                    _ => (variable == name).then_some((position, None)),
                }
            });
            match known {
                Some((position, entry)) => {
                    self.set(position, entry, text, (place, source), problems);
                }
                // Orchestrators inject variables of their own under the name of a service.
                None => self.warn_of_variable(name, &variables),
            }
        }
    }

    fn warn_of_variable(&mut self, name: &str, variables: &[String]) {
        let nearest = variables.iter().min_by_key(|each| strsim::damerau_levenshtein(each, name));
        self.warnings.push(format!(
            "environment variable {name} is no option; the nearest is {}",
            nearest.map_or("", String::as_str)
        ));
    }

    fn read_flags(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        for given in &sources.flags {
            let place = Place::Flag(given.flag.clone());
            let source = Source::Flag(given.flag.clone());
            match self.find(&given.option) {
                Some((position, entry)) => {
                    self.set(position, entry, &given.value, (place, source), problems);
                }
                None => {
                    problems.push(Problem::at(place, unknown_option(&self.table, &given.option)));
                }
            }
        }
    }

    /// Finds an option by its full name, or a map by the full name of one of its entries.
    fn find(&self, full_name: &str) -> Option<(usize, Option<String>)> {
        let options = self.table.options();
        options.iter().enumerate().find_map(|(position, option)| {
            let rest = full_name.strip_prefix(&option.full_name())?;
            match option.kind {
                Kind::Map => {
                    let entry = rest.strip_prefix('.').filter(|entry| !entry.is_empty())?;
                    Some((position, Some(entry.to_owned())))
                }
                _ => rest.is_empty().then_some((position, None)),
            }
        })
    }

    fn set(
        &mut self,
        position: usize,
        entry: Option<String>,
        text: &str,
        (place, source): (Place, Source),
        problems: &mut Vec<Problem>,
    ) {
        let option = &self.table.options()[position];
        let slot = &mut self.values[position];
        if let (Some(entry), Value::Map(entries)) = (entry, &mut slot.0) {
            entries.insert(entry, text.to_owned());
            slot.1 = source;
        } else if let Some(value) = Value::from_text(&option.kind, text) {
            *slot = (value, source);
        } else {
            let hides = option.secret || option.kind == Kind::Uri;
            let given = if hides { "the value".to_owned() } else { format!("{text:?}") };
            let name = option.full_name();
            let message =
                format!("{name}: {given} is not allowed; it takes {}", option.kind.allowed());
            problems.push(Problem::at(place, message));
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}
