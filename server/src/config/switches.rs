//! The flags that decide which operations exist.

use sukkal_spec::SWITCHES;

use super::load::Settings;
use super::value::Value;

/// The switches of the specification that are on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches(Vec<&'static str>);

impl Switches {
    /// Reads each switch from the option of the top level that has its name.
    pub(super) fn read(settings: &Settings) -> Self {
        let is_on = |name: &&str| settings.value(name) == Some(&Value::Flag(true));
        Self(SWITCHES.iter().copied().filter(is_on).collect())
    }

    /// Whether all of these are on.
    pub fn all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.0.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::option::Kind;
    use super::super::table::Table;
    use super::*;

    #[test]
    fn every_switch_of_the_specification_is_a_flag_of_the_top_level() {
        let table = Table::standard();

        for name in SWITCHES {
            let option = table.position("", name).map(|at| &table.options()[at]);
            assert_eq!(option.map(|option| option.kind), Some(Kind::Flag), "{name}");
        }
    }
}
