//! `sukkal-codegen write` renews the generated files that are checked in; `sukkal-codegen check` compares them.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use sukkal_codegen::Artifact;

fn main() -> anyhow::Result<ExitCode> {
    let root = root()?;
    let spec = sukkal_codegen::load(&root.join("api-spec"))?;
    let artifacts = sukkal_codegen::documents(&spec);
    let words: Vec<String> = std::env::args().skip(1).collect();
    let stale: Vec<&Artifact> =
        artifacts.iter().filter(|artifact| !is_fresh(&root, artifact)).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write"] => write(&root, &stale),
        ["check"] => check(&stale),
        _ => bail!("usage: sukkal-codegen write | check"),
    }
}

/// The root of the workspace: above this crate under cargo, else where the command was given.
fn root() -> anyhow::Result<PathBuf> {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => {
            let root = Path::new(&folder).parent().context("the crate stands in a workspace")?;
            Ok(root.to_owned())
        }
        None => Ok(std::env::current_dir()?),
    }
}

fn is_fresh(root: &Path, artifact: &Artifact) -> bool {
    fs::read_to_string(root.join(&artifact.path)).is_ok_and(|text| text == artifact.text)
}

fn write(root: &Path, stale: &[&Artifact]) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for artifact in stale {
        fs::write(root.join(&artifact.path), &artifact.text)
            .with_context(|| format!("{} cannot be written", artifact.path))?;
        writeln!(out, "{} renewed", artifact.path)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn check(stale: &[&Artifact]) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for artifact in stale {
        writeln!(out, "{} is stale; run: cargo run -p sukkal-codegen -- write", artifact.path)?;
    }
    Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
