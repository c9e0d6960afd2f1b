//! The one table of options, and finding one in it.

use super::confirmation;
use super::egress;
use super::limit::{LIMITS, LimitOption, highest};
use super::mail;
use super::notification;
use super::option::{Fallback, Kind, OptionDef};
use super::options::OPTIONS;
use super::signing;
use super::webhook_signing;

/// All options, in the order they are shown.
#[derive(Clone, Debug)]
pub struct Table {
    options: Vec<OptionDef>,
}

impl Table {
    /// The options of the server.
    pub fn standard() -> Self {
        let sections = [
            OPTIONS,
            signing::OPTIONS,
            notification::OPTIONS,
            confirmation::OPTIONS,
            mail::OPTIONS,
            egress::OPTIONS,
            webhook_signing::OPTIONS,
        ];
        Self::new(&sections.concat(), LIMITS)
    }

    /// A table of these options; the limits become integers of the section `transport`.
    pub fn new(options: &[OptionDef], limits: &[LimitOption]) -> Self {
        let mut options = options.to_vec();
        let at =
            options.iter().position(|each| each.section == "transport").unwrap_or(options.len());
        options.splice(at..at, limits.iter().map(limit_option));
        Self { options }
    }

    /// The options.
    pub fn options(&self) -> &[OptionDef] {
        &self.options
    }

    /// The sections, each once, in the order of their options; the top level is not among them.
    pub fn sections(&self) -> Vec<&'static str> {
        let mut sections: Vec<_> = self.options.iter().map(|each| each.section).collect();
        sections.dedup();
        sections.retain(|section| !section.is_empty());
        sections
    }

    /// The place of an option in the table.
    pub fn position(&self, section: &str, name: &str) -> Option<usize> {
        self.options.iter().position(|each| each.section == section && each.name == name)
    }

    /// The option whose full name, or bare name, is most like this.
    pub fn nearest_option(&self, full_name: &str) -> Option<String> {
        let bare = full_name.rsplit('.').next().unwrap_or(full_name);
        self.options
            .iter()
            .map(|each| {
                let full = each.full_name();
                let distance = strsim::damerau_levenshtein(&full, full_name)
                    .min(strsim::damerau_levenshtein(each.name, bare) + 1);
                (distance, full)
            })
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, full)| full)
    }

    /// The section most like this.
    pub fn nearest_section(&self, section: &str) -> Option<&'static str> {
        self.sections().into_iter().min_by_key(|each| strsim::damerau_levenshtein(each, section))
    }
}

fn limit_option(limit: &LimitOption) -> OptionDef {
    OptionDef {
        section: "transport",
        name: limit.name,
        kind: Kind::Integer { minimum: limit.minimum, maximum: highest(limit), unit: limit.unit },
        fallback: Fallback::Integer(limit.default),
        secret: false,
        doc: limit.doc,
    }
}
