use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use super::*;

fn text_of(file: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sukkal.toml");
    fs::write(&path, file).unwrap();
    let prefix = format!("{}/", folder.path().display());
    read(&Sources { file: Some(path), ..Sources::default() })
        .map_err(|error| error.replace(&prefix, ""))
}

fn flags(given: &[(&str, &str)]) -> Sources {
    let flags = given
        .iter()
        .map(|(option, value)| Given {
            flag: format!("--set {option}"),
            option: (*option).to_owned(),
            value: (*value).to_owned(),
        })
        .collect();
    Sources { flags, ..Sources::default() }
}

fn variables(given: &[(&str, &str)]) -> Sources {
    let environment =
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { environment, ..Sources::default() }
}

fn read(sources: &Sources) -> Result<Config, String> {
    load(Table::standard(), sources)
        .and_then(Config::from_settings)
        .map_err(|error| error.to_string())
}

#[test]
fn the_defaults_are_a_working_configuration() {
    let config = read(&Sources::default()).unwrap();

    assert_eq!(config.http.listen, Some("127.0.0.1:8888".parse().unwrap()));
    assert_eq!(config.websocket.listen, Some("127.0.0.1:9000".parse().unwrap()));
    assert_eq!(config.admin.listen, Some("127.0.0.1:8889".parse().unwrap()));
    assert_eq!(config.storage.uri, "sqlite:");
    assert_eq!(config.limits.get("max_messages_post_size"), Some(262_144));
    assert_eq!(config.transport.client_id, ClientIdRule::Uuid);
    assert_eq!(config.notification, NotificationConfig::default());
    assert!(config.warnings().is_empty());
}

#[test]
fn a_flag_wins_over_a_variable_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sukkal.toml");
    fs::write(
        &path,
        "[transport]\nmax_claim_ttl = 1000\nmax_message_ttl = 1001\nmax_claim_grace = 1002\n",
    )
    .unwrap();
    let sources = Sources {
        file: Some(path.clone()),
        environment: variables(&[
            ("SUKKAL_TRANSPORT_MAX_CLAIM_TTL", "2000"),
            ("SUKKAL_TRANSPORT_MAX_MESSAGE_TTL", "2001"),
        ])
        .environment,
        flags: flags(&[("transport.max_claim_ttl", "3000")]).flags,
    };

    let settings = load(Table::standard(), &sources).unwrap();

    let found = |name: &str| {
        settings
            .iter()
            .find(|(option, ..)| option.name == name)
            .map(|(_, value, source)| (value.clone(), source.clone()))
    };
    let expected = |number, source| Some((Value::Integer(number), source));
    assert_eq!(
        found("max_claim_ttl"),
        expected(3000, Source::Flag("--set transport.max_claim_ttl".to_owned()))
    );
    assert_eq!(
        found("max_message_ttl"),
        expected(2001, Source::Variable("SUKKAL_TRANSPORT_MAX_MESSAGE_TTL".to_owned()))
    );
    assert_eq!(found("max_claim_grace"), expected(1002, Source::File { path, line: 4 }));
    assert_eq!(found("max_message_delay"), expected(900, Source::Default));
}

#[test]
fn reads_every_kind_of_option_from_every_source() {
    let file = "enable_checksum = true\n[cors]\nallowed_origin = [\"a\", \"b\"]\n[log]\nformat = \"json\"\n\
        [admin]\nlisten = \"\"\n[storage.options]\nwait_replicas = 1\nmode = \"x\"\n";
    let given = variables(&[
        ("SUKKAL_ENABLE_CHECKSUM", "yes"),
        ("SUKKAL_CORS_ALLOWED_ORIGIN", "a, b"),
        ("SUKKAL_LOG_FORMAT", "json"),
        ("SUKKAL_ADMIN_LISTEN", ""),
        ("SUKKAL_STORAGE_OPTIONS_WAIT_REPLICAS", "1"),
        ("SUKKAL_STORAGE_OPTIONS_MODE", "x"),
    ]);
    let typed = flags(&[
        ("enable_checksum", "1"),
        ("cors.allowed_origin", "a,b"),
        ("log.format", "json"),
        ("admin.listen", ""),
        ("storage.options.wait_replicas", "1"),
        ("storage.options.mode", "x"),
    ]);

    for config in [text_of(file).unwrap(), read(&given).unwrap(), read(&typed).unwrap()] {
        assert!(config.enable_checksum);
        assert_eq!(config.cors.allowed_origin, ["a", "b"]);
        assert_eq!(config.log.format, LogFormat::Json);
        assert_eq!(config.admin.listen, None);
        let options = [("mode", "x"), ("wait_replicas", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(config.storage.options, options);
    }
}

#[test]
fn names_file_line_option_and_what_is_allowed() {
    let cases = [
        (
            "admin_mode = true\n[http]\nlisen = \"\"\n",
            "sukkal.toml:3: unknown option http.lisen; the nearest is http.listen",
        ),
        ("\n[htp]\n", "sukkal.toml:2: unknown section [htp]; the nearest is [http]"),
        (
            "max_claim_ttl = 5",
            "sukkal.toml:1: unknown option max_claim_ttl; the nearest is transport.max_claim_ttl",
        ),
        ("http = 5", "sukkal.toml:1: http is a section: write [http] and its options below"),
        (
            "[transport]\nmax_claim_ttl = \"long\"",
            "sukkal.toml:2: transport.max_claim_ttl: \"long\" is not allowed; it takes an integer from 60 to 3153600000 (seconds)",
        ),
        (
            "[transport]\nmax_claim_ttl = 59",
            "sukkal.toml:2: transport.max_claim_ttl: 59 is not allowed; it takes an integer from 60 to 3153600000 (seconds)",
        ),
        (
            "[transport]\nclient_id_uuid_safe = \"on\"",
            "sukkal.toml:2: transport.client_id_uuid_safe: \"on\" is not allowed; it takes one of \"strict\", \"off\"",
        ),
        (
            "auth_strategy = \"keystone\"",
            "sukkal.toml:1: auth_strategy: \"keystone\" is not allowed; it takes one of \"\", \"none\"",
        ),
    ];

    for (file, message) in cases {
        assert_eq!(text_of(file).unwrap_err(), message);
    }
}

#[test]
fn tells_where_a_file_is_no_toml() {
    assert!(text_of("[http]\nlisten = \n").unwrap_err().starts_with("sukkal.toml:2: "));
}

#[test]
fn tells_which_file_is_missing() {
    let error = read(&Sources { file: Some("/nowhere/sukkal.toml".into()), ..Sources::default() })
        .unwrap_err();

    assert!(error.starts_with("/nowhere/sukkal.toml: cannot be read: "), "{error}");
}

#[test]
fn reports_all_problems_at_once() {
    let mut sources = flags(&[("http.listem", "x"), ("http.listen", "localhost")]);
    sources.environment = variables(&[("SUKKAL_ADMIN_MODE", "maybe")]).environment;

    let error = read(&sources).unwrap_err();

    assert_eq!(
        error,
        "environment variable SUKKAL_ADMIN_MODE: admin_mode: \"maybe\" is not allowed; it takes true or false\n\
         flag --set http.listem: unknown option http.listem; the nearest is http.listen\n\
         flag --set http.listen: http.listen: \"localhost\" is not allowed; \
         it takes an IP address and port such as 127.0.0.1:8888, or \"\" for none"
    );
}

#[test]
fn warns_of_a_variable_that_is_no_option_but_goes_on() {
    let config = read(&variables(&[
        ("SUKKAL_SERVICE_HOST", "10.0.0.1"),
        ("SUKKAL_CONFIG", "x"),
        ("HOME", "/"),
    ]))
    .unwrap();

    assert_eq!(config.warnings().len(), 1);
    assert!(
        config.warnings()[0]
            .starts_with("environment variable SUKKAL_SERVICE_HOST is no option; the nearest is ")
    );
}

#[test]
fn refuses_to_listen_for_other_machines_without_authentication() {
    for name in ["http.listen", "websocket.listen", "admin.listen"] {
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            let error = read(&flags(&[(name, address)])).unwrap_err();
            assert!(error.starts_with(&format!("{name} is {address}, ")), "{error}");
            assert!(error.ends_with("or set security.allow_remote_without_auth = true"), "{error}");

            let allowed =
                read(&flags(&[(name, address), ("security.allow_remote_without_auth", "true")]));
            assert!(allowed.is_ok());
        }
        for address in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(read(&flags(&[(name, address)])).is_ok(), "{address}");
        }
    }
}

#[test]
fn refuses_options_that_cannot_work_together() {
    let error = read(&flags(&[
        ("transport.client_id_uuid_safe", "off"),
        ("transport.min_length_client_id", "40"),
        ("log.level", "loud"),
        ("cors.allowed_origin", "a\nb"),
    ]))
    .unwrap_err();

    let lines: Vec<_> = error.lines().collect();
    assert_eq!(
        lines[0],
        "transport.min_length_client_id is 40, above transport.max_length_client_id, which is 36"
    );
    assert!(lines[1].starts_with("log.level: \"loud\" is not allowed"));
    assert_eq!(lines[2], "cors.allowed_origin: \"a\\nb\" cannot stand in a header");
}

#[test]
fn warns_of_limits_that_hardly_fit_together() {
    let config = read(&flags(&[
        ("transport.max_message_ttl", "600"),
        ("transport.max_messages_post_size", "2000000"),
    ]))
    .unwrap();

    assert_eq!(
        config.warnings(),
        [
            "transport.default_message_ttl is 3600, above transport.max_message_ttl, which is 600",
            "transport.max_messages_post_size is 2000000, but a WebSocket takes \
             websocket.max_message_bytes, which is 1048576",
        ]
    );
}

#[test]
fn shows_the_effective_values_and_hides_secrets() {
    let sources = flags(&[
        ("storage.uri", "redis://:geheim@host"),
        ("storage.options.password", "geheim"),
        ("storage.options.wait_replicas", "1"),
    ]);
    let shown = show(&load(Table::standard(), &sources).unwrap());

    assert!(!shown.contains("geheim"), "{shown}");
    assert!(
        shown.contains("\n[storage]\nuri = \"redis://:***@host\"  # flag --set storage.uri\n"),
        "{shown}"
    );
    assert!(
        shown.contains(
            "options = { \"password\" = \"***\", \"wait_replicas\" = \"1\" }  # flag --set "
        ),
        "{shown}"
    );
    assert!(shown.contains("\nmax_claim_ttl = 43200  # default\n"), "{shown}");
}

#[test]
fn what_is_shown_is_a_file_that_gives_the_same_values() {
    let sources = flags(&[
        ("cors.allowed_origin", "a,b"),
        ("log.level", "info,x=\"y\"\\"),
        ("storage.options.a", "b"),
    ]);
    let settings = load(Table::standard(), &sources).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shown.toml");
    fs::write(&path, show(&settings)).unwrap();

    let again =
        load(Table::standard(), &Sources { file: Some(path), ..Sources::default() }).unwrap();

    let values = |settings: &Settings| {
        settings.iter().map(|(_, value, _)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(values(&again), values(&settings));
}

#[test]
fn hides_the_value_of_a_secret_option_everywhere() {
    let secret = OptionDef {
        section: "s",
        name: "secret_key",
        kind: Kind::Text,
        fallback: Fallback::Text(""),
        secret: true,
        doc: "",
    };
    let table = Table::new(&[secret], &[]);

    let settings = load(table.clone(), &flags(&[("s.secret_key", "geheim")])).unwrap();
    assert_eq!(show(&settings), "\n[s]\nsecret_key = \"***\"  # flag --set s.secret_key\n");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sukkal.toml");
    fs::write(&path, "[s]\nsecret_key = 4711\n").unwrap();
    let error =
        load(table, &Sources { file: Some(path), ..Sources::default() }).unwrap_err().to_string();
    assert!(
        error.ends_with(":2: s.secret_key: the value is not allowed; it takes a text"),
        "{error}"
    );
}

#[test]
fn no_two_options_share_a_name_or_a_variable_and_sections_stand_together() {
    let table = Table::standard();
    let names: HashSet<_> = table.options().iter().map(OptionDef::full_name).collect();
    let variables: HashSet<_> = table.options().iter().map(OptionDef::variable).collect();
    let sections: HashSet<_> = table.sections().into_iter().collect();

    assert_eq!(names.len(), table.options().len());
    assert_eq!(variables.len(), table.options().len());
    assert_eq!(sections.len(), table.sections().len());
    assert!(!variables.contains("SUKKAL_CONFIG"));
}

#[test]
fn every_default_is_allowed_by_its_own_option() {
    for option in Table::standard().options() {
        let value = option.fallback.value();
        let text = value.to_string();
        let document = format!("{} = {text}", option.name);
        let parsed = toml::de::DeTable::parse(&document).unwrap();
        let (_, entry) = parsed.get_ref().iter().next().unwrap();

        assert_eq!(
            Value::from_document(&option.kind, entry.get_ref()),
            Some(value),
            "{}",
            option.full_name()
        );
    }
}

#[test]
fn the_page_in_docs_is_fresh() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let fresh = page(&Table::standard());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &fresh).unwrap();
    }

    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == fresh,
        "docs/configuration.md is stale; run UPDATE=1 cargo test -p sukkal-server"
    );
}
