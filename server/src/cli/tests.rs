use clap::CommandFactory;

use super::*;

fn run_in(environment: &[(&str, &str)], line: &str) -> Result<String, String> {
    let cli = Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
    let environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut out = Vec::new();
    execute(cli, environment, &Registry::new(), Stages::default(), &mut out)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn the_definition_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn no_command_means_serve() {
    let error = run_in(&[], "sukkal --http 0.0.0.0:1").unwrap_err();

    assert!(
        error.starts_with("http.listen is 0.0.0.0:1, which other machines can reach"),
        "{error}"
    );
    assert_eq!(run_in(&[], "sukkal serve --http 0.0.0.0:1"), Err(error));
}

#[test]
fn every_flag_reaches_its_option_before_and_after_the_command() {
    let flags = "--http 127.0.0.1:1 --ws 127.0.0.1:2 --admin 127.0.0.1:3 --data-dir /d --store memory: --set log.level=warn";
    for line in [format!("sukkal {flags} config show"), format!("sukkal config show {flags}")] {
        let shown = run_in(&[("SUKKAL_HTTP_LISTEN", "127.0.0.1:9")], &line).unwrap();

        for expected in [
            "[http]\nlisten = \"127.0.0.1:1\"  # flag --http\n",
            "[websocket]\nlisten = \"127.0.0.1:2\"  # flag --ws\n",
            "[admin]\nlisten = \"127.0.0.1:3\"  # flag --admin\n",
            "data_dir = \"/d\"  # flag --data-dir\n",
            "uri = \"memory:\"  # flag --store\n",
            "level = \"warn\"  # flag --set\n",
        ] {
            assert!(shown.contains(expected), "{expected} is not in {shown}");
        }
    }
}

#[test]
fn refuses_a_set_without_a_value() {
    let error = run_in(&[], "sukkal config show --set log.level").unwrap_err();

    assert_eq!(error, "flag --set: \"log.level\" is not allowed; it takes section.option=value");
}

#[test]
fn checks_a_file_without_what_surrounds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sukkal.toml");
    let path = path.display();
    let surroundings = [("SUKKAL_ADMIN_MODE", "maybe")];

    std::fs::write(path.to_string(), "[transport]\nmax_message_ttl = 600\n").unwrap();
    let accepted = run_in(&surroundings, &format!("sukkal config check {path}")).unwrap();
    std::fs::write(path.to_string(), "[transport]\nmax_mesage_ttl = 600\n").unwrap();
    let refused = run_in(&surroundings, &format!("sukkal config check {path}")).unwrap_err();

    let warning =
        "transport.default_message_ttl is 3600, above transport.max_message_ttl, which is 600";
    assert_eq!(accepted, format!("{path}: warning: {warning}\n{path}: ok\n"));
    assert_eq!(
        refused,
        format!(
            "{path}:2: unknown option transport.max_mesage_ttl; the nearest is transport.max_message_ttl"
        )
    );
}
