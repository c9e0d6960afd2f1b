//! What can be wrong with a configuration, told so that it can be put right.

use std::fmt;
use std::path::PathBuf;

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigError {
    /// The problems, in the order they were found; at least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was said; absent when it follows from several options together.
    pub place: Option<Place>,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file, in this line, the first being 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line, if it is known.
        line: Option<usize>,
    },
    /// In this environment variable.
    Variable(String),
    /// In this flag of the command line.
    Flag(String),
}

impl ConfigError {
    /// An error of one problem that has no single place.
    pub fn of(message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { place: None, message: message.into() }] }
    }
}

impl Problem {
    /// A problem at a place.
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self { place: Some(place), message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}
