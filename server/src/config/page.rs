//! The page of `docs/` that lists the options.

use std::fmt::Write as _;

use super::option::{Kind, OptionDef};
use super::show::table_name;
use super::table::Table;

const HEAD: &str = "<!-- Generated from the option table of the server; do not edit. Run: UPDATE=1 cargo test -p sukkal-server -->

# Configuration

`sukkal --config FILE` reads one TOML file; without it, and without `SUKKAL_CONFIG`, the defaults below apply. Every option
can also be given as an environment variable, or as the flag `--set section.option=value`. The usual ones have flags of
their own: `--http`, `--ws`, `--admin`, `--data-dir` and `--store`. A flag wins over a variable, a variable over the file.

`sukkal config show` prints the effective values and where each came from; `sukkal config check FILE` checks a file.
An unknown option or a value out of bounds stops the server before it opens anything.
";

/// Writes the page, in Markdown.
pub fn page(table: &Table) -> String {
    let mut text = HEAD.to_owned();
    let mut section = None;
    for option in table.options() {
        if section != Some(option.section) {
            section = Some(option.section);
            let title = match option.section {
                "" => "Top level".to_owned(),
                name => format!("`[{}]`", table_name(name)),
            };
            let _ = write!(
                text,
                "\n## {title}\n\n| option | default | takes | meaning |\n|---|---|---|---|\n"
            );
        }
        text.push_str(&row(option));
    }
    text
}

fn row(option: &OptionDef) -> String {
    let takes = match option.kind {
        Kind::Integer { minimum, maximum, unit } => format!("{unit}, {minimum} to {maximum}"),
        Kind::Choice(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`{word:?}`")).collect();
            words.join(" or ")
        }
        kind => kind.word().to_owned(),
    };
    let (entry, variable_entry) =
        if option.kind == Kind::Map { (".*NAME*", "*NAME*") } else { ("", "") };
    format!(
        "| `{}`{entry}<br>`{}`{variable_entry} | `{}` | {takes} | {} |\n",
        option.name,
        option.variable(),
        option.fallback.value(),
        option.doc
    )
}
