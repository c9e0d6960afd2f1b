//! Where a store lies and how it is to be opened.

use std::path::PathBuf;

use sukkal_storage::{OpenOptions, Result, StorageError};

/// The file an embedded store uses when its URI names none.
const DEFAULT_FILE: &str = "sukkal.db";

/// Where a store lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// In this process only.
    Memory,
    /// In a file.
    File(PathBuf),
}

/// When SQLite syncs the write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synchronous {
    /// Only before a checkpoint: a crash of the machine may lose the last commits.
    Normal,
    /// At every commit.
    Full,
    /// As full, and the directory too.
    Extra,
}

impl Synchronous {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
            Self::Extra => "EXTRA",
        }
    }
}

/// How a store is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) location: Location,
    /// The URI names no file: its folder is made.
    pub(crate) makes_folder: bool,
    pub(crate) synchronous: Synchronous,
    /// At most this many pages of 8 KiB.
    pub(crate) max_page_count: Option<u32>,
    /// How many connections read beside the writer.
    pub(crate) readers: usize,
}

impl Config {
    /// Reads the URI and the options.
    ///
    /// # Errors
    /// `Unusable` names what is not understood.
    pub(crate) fn parse(uri: &str, options: &OpenOptions) -> Result<Self> {
        let (location, makes_folder) = location(uri, options)?;
        let mut config = Self {
            location,
            makes_folder,
            synchronous: Synchronous::Full,
            max_page_count: None,
            readers: 2,
        };
        for (name, value) in &options.options {
            config.set(name, value)?;
        }
        Ok(config)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let refuse =
            || StorageError::Unusable(format!("option {name} of a sqlite store cannot be {value}"));
        match name {
            "synchronous" => {
                self.synchronous = match value {
                    "normal" => Synchronous::Normal,
                    "full" => Synchronous::Full,
                    "extra" => Synchronous::Extra,
                    _ => return Err(refuse()),
                }
            }
            "max_page_count" => {
                self.max_page_count = Some(value.parse().map_err(|_| refuse())?);
            }
            "readers" => {
                self.readers = value.parse().map_err(|_| refuse())?;
                if !(1..=16).contains(&self.readers) {
                    return Err(refuse());
                }
            }
            _ => {
                return Err(StorageError::Unusable(format!(
                    "a sqlite store has no option {name}; it has synchronous, max_page_count and readers"
                )));
            }
        }
        Ok(())
    }
}

fn location(uri: &str, options: &OpenOptions) -> Result<(Location, bool)> {
    let rest = uri.strip_prefix("sqlite:").unwrap_or(uri);
    match rest {
        ":memory:" | "//:memory:" => Ok((Location::Memory, false)),
        "" | "//" => Ok((Location::File(options.data_dir.join(DEFAULT_FILE)), true)),
        _ => match rest.strip_prefix("//") {
            Some(path) if path.starts_with('/') && !path.ends_with('/') => {
                Ok((Location::File(PathBuf::from(path)), false))
            }
            _ => Err(StorageError::Unusable(format!(
                "{uri} is not understood: use sqlite:///absolute/path, sqlite: or sqlite::memory:"
            ))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(uri: &str, options: &[(&str, &str)]) -> Result<Config> {
        let options =
            options.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::parse(uri, &OpenOptions { data_dir: "/data".into(), now: 0, options })
    }

    #[test]
    fn reads_the_three_forms_of_uris() {
        let place = |uri| parse(uri, &[]).unwrap().location;

        assert_eq!(place("sqlite:///var/a.db"), Location::File("/var/a.db".into()));
        assert_eq!(place("sqlite:"), Location::File("/data/sukkal.db".into()));
        assert_eq!(place("sqlite::memory:"), Location::Memory);
    }

    #[test]
    fn refuses_a_relative_path_and_a_folder() {
        for uri in ["sqlite://a.db", "sqlite:a.db", "sqlite:///"] {
            assert!(matches!(parse(uri, &[]), Err(StorageError::Unusable(_))), "{uri}");
        }
    }

    #[test]
    fn refuses_unknown_options_and_values() {
        for option in [("colour", "red"), ("synchronous", "off"), ("readers", "0")] {
            let result = parse("sqlite:", &[option]);

            assert!(matches!(result, Err(StorageError::Unusable(_))), "{option:?}");
        }
    }
}
