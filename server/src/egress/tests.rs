//! No packet goes where none may go, however the place is spelled, and whatever names resolve to meanwhile.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::config::{Config, Given, Sources, Table, load};

/// Spellings of places that are not open, one per line; `{port}` is that of a listener, `\t`, `\n`, `\s` and `\\` are characters.
const FORBIDDEN: &str = include_str!("forbidden_urls.txt");

fn config(options: &[(&str, &str)]) -> EgressConfig {
    let given = |(name, value): &(&str, &str)| Given {
        flag: "--set".to_owned(),
        option: format!("egress.{name}"),
        value: (*value).to_owned(),
    };
    let flags = options.iter().map(given).collect();
    let settings = load(Table::standard(), &Sources { flags, ..Sources::default() }).unwrap();
    Config::from_settings(settings).unwrap().egress
}

/// The rules that these options of the section state.
pub(crate) fn egress(options: &[(&str, &str)]) -> Egress {
    Egress::new(&config(options), back_ends("redis://10.9.9.9:6379"))
}

fn forms(port: u16) -> Vec<String> {
    let spelled = |line: &str| {
        line.replace("{port}", &port.to_string())
            .replace("\\\\", "\u{0}")
            .replace("\\t", "\t")
            .replace("\\n", "\n")
            .replace("\\s", " ")
            .replace('\u{0}', "\\")
    };
    FORBIDDEN.lines().map(spelled).collect()
}

/// Answers names from a list, the last answer for ever.
#[derive(Default)]
struct Script(Mutex<VecDeque<Vec<IpAddr>>>);

impl Script {
    fn of(answers: &[&[&str]]) -> Arc<dyn Lookup> {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }
}

#[async_trait]
impl Lookup for Script {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        next.ok_or_else(|| io::Error::other("no such name"))
    }
}

/// A server that answers everything alike and tells of each connection.
async fn server(
    ip: &str,
    answer: &'static str,
) -> io::Result<(SocketAddr, mpsc::Receiver<SocketAddr>)> {
    let listener = TcpListener::bind((ip, 0)).await?;
    let address = listener.local_addr()?;
    let (tell, told) = mpsc::channel(1000);
    tokio::spawn(async move {
        while let Ok((mut socket, peer)) = listener.accept().await {
            let _ = tell.send(peer).await;
            tokio::spawn(async move {
                let mut buffer = vec![0; 4096];
                while socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    Ok((address, told))
}

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

async fn call(egress: &Egress, clients: &Clients, project: &str, url: &str) -> Result<u16, String> {
    let checked = egress.policy(project).check(url).map_err(|denied| denied.to_string())?;
    let url = checked.ok_or("not http")?;
    let port = url.port_or_known_default().unwrap_or_default();
    let sent = clients.of(project).post(url).body("{}").send();
    let answer = to_port(port, Box::pin(sent)).await.map_err(|error| format!("{error:?}"))?;
    Ok(answer.status().as_u16())
}

fn clients(egress: &Egress, options: &[(&str, &str)], lookup: &Arc<dyn Lookup>) -> Clients {
    Clients::open(egress, &config(options), lookup).unwrap()
}

#[tokio::test]
async fn no_packet_goes_to_a_forbidden_place_however_it_is_spelled() {
    // Both versions of IP at once, where the machine has both.
    let (address, mut connections) = match server("::", OK).await {
        Ok(server) => server,
        Err(_) => server("0.0.0.0", OK).await.unwrap(),
    };
    let egress = egress(&[]);
    // Names that are not denied resolve to this machine.
    let lookup = Script::of(&[&["127.0.0.1"]]);
    let clients = clients(&egress, &[("connect_timeout", "1")], &lookup);
    let forms = forms(address.port());
    assert!(forms.len() >= 400, "{}", forms.len());

    for form in &forms {
        let told = call(&egress, &clients, "p", form).await;
        assert!(told.is_err(), "{form}: {told:?}");
        let open = egress.policy("p").check(form).ok().flatten();
        let names_a_host = open.as_ref().is_some_and(|url| url.domain().is_some());
        assert!(open.is_none() || names_a_host, "{form:?} is only stopped when it is called");
    }

    assert!(connections.try_recv().is_err(), "a packet arrived");
    let open = clients_of_loopback(&address).await;
    assert_eq!((open, connections.recv().await.is_some()), (Ok(204), true), "the listener hears");
}

async fn clients_of_loopback(address: &SocketAddr) -> Result<u16, String> {
    let options = [("allow", "127.0.0.1")];
    let egress = egress(&options);
    let clients = clients(&egress, &options, &Script::of(&[&["127.0.0.1"]]));
    call(&egress, &clients, "p", &format!("http://127.0.0.1:{}/", address.port())).await
}

#[tokio::test]
async fn a_name_is_resolved_once_per_connection_and_every_address_is_checked() {
    let (address, mut connections) = server("127.0.0.1", OK).await.unwrap();
    let url = format!("http://rebinds.example:{}/", address.port());
    let options = [("allow", "127.0.0.9"), ("connect_timeout", "1")];
    let egress = egress(&options);

    // The address that is open refuses the connection; the second answer is never asked for.
    let lookup = Script::of(&[&["127.0.0.9"], &["127.0.0.1"]]);
    let clients = clients(&egress, &options, &lookup);
    assert!(call(&egress, &clients, "p", &url).await.unwrap_err().contains("refused"));
    assert!(call(&egress, &clients, "p", &url).await.unwrap_err().contains("Resolved"));

    for answer in [&["127.0.0.9", "127.0.0.1"], &["127.0.0.1", "127.0.0.9"]] {
        let clients = self::clients(&egress, &options, &Script::of(&[answer]));
        let told = call(&egress, &clients, "p", &url).await.unwrap_err();
        assert!(told.contains("Resolved"), "{told}");
    }
    let clients = self::clients(&egress, &options, &Script::of(&[]));
    assert!(call(&egress, &clients, "p", &url).await.unwrap_err().contains("Unresolved"));
    assert!(connections.try_recv().is_err(), "a packet arrived");
}

#[tokio::test]
async fn without_the_port_of_the_request_nothing_is_resolved() {
    let options = [("allow", "127.0.0.1")];
    let egress = egress(&options);
    let clients = clients(&egress, &options, &Script::of(&[&["127.0.0.1"]]));

    let told = clients.of("p").post("http://somewhere.example:9000/").send().await.unwrap_err();

    assert!(format!("{told:?}").contains("Resolved"), "{told:?}");
}

#[tokio::test]
async fn redirects_are_answers_and_nobody_goes_where_they_point() {
    let (target, mut connections) = server("127.0.0.1", OK).await.unwrap();
    let answer =
        format!("HTTP/1.1 307 Go\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n");
    let (from, _kept) = server("127.0.0.2", answer.leak()).await.unwrap();
    let options = [("allow", "127.0.0.2")];
    let egress = egress(&options);
    let clients = clients(&egress, &options, &Script::of(&[]));

    assert_eq!(call(&egress, &clients, "p", &format!("http://{from}/")).await, Ok(307));
    assert!(connections.try_recv().is_err(), "a packet arrived");
}

#[tokio::test]
async fn a_connection_is_not_used_for_a_project_that_may_not_have_it() {
    let (address, _kept) = server("127.0.0.1", OK).await.unwrap();
    let url = format!("http://shared.example:{}/", address.port());
    let options = [("allow", "127.0.0.1"), ("allow_private_projects", "open")];
    let egress = egress(&options);
    let lookup = Script::of(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let clients = clients(&egress, &options, &lookup);

    assert_eq!(call(&egress, &clients, "open", &url).await, Ok(204));
    assert_eq!(call(&egress, &clients, "open", &url).await, Ok(204));
    let told = call(&egress, &clients, "closed", &url).await.unwrap_err();
    assert!(told.contains("Resolved"), "{told}");
}

#[tokio::test]
async fn with_a_proxy_places_are_still_judged_by_name_and_address() {
    for scheme in ["http", "socks5h"] {
        let (proxy, mut connections) = server("127.0.0.1", OK).await.unwrap();
        let uri = format!("{scheme}://u:geheim@proxy.example:{}", proxy.port());
        let options = [("proxy", uri.as_str()), ("connect_timeout", "1"), ("timeout", "2")];
        let egress = egress(&options);
        let clients = clients(&egress, &options, &Script::of(&[&["127.0.0.1"]]));
        assert!(!format!("{:?}", config(&options)).contains("geheim"));

        for url in
            ["http://127.0.0.1/", "http://localhost/", "http://proxy.example/", "http://10.0.0.1/"]
        {
            let told = call(&egress, &clients, "p", url).await.unwrap_err();
            assert!(told.contains("must not be reached") || told.contains("is private"), "{told}");
        }
        assert!(connections.try_recv().is_err(), "a packet arrived");
        let told = call(&egress, &clients, "p", "http://hooks.example/").await;
        assert!(connections.recv().await.is_some(), "the proxy was asked: {told:?}");
        assert_eq!(told.is_ok(), scheme == "http", "{told:?}");
    }
}

#[test]
fn private_addresses_open_for_all_or_for_a_project() {
    let denied = |options: &[(&str, &str)], project: &str, url: &str| {
        egress(options).policy(project).check(url).err()
    };
    let url = "http://10.1.2.3:8080/";
    let private = Some(Denied::Private("10.1.2.3".parse().unwrap()));

    assert_eq!(denied(&[], "p", url), private);
    assert_eq!(denied(&[("allow_private", "true")], "p", url), None);
    assert_eq!(denied(&[("allow", "10.1.0.0/16")], "p", url), None);
    assert_eq!(denied(&[("allow", "10.1.2.3:8080")], "p", url), None);
    assert_eq!(denied(&[("allow", "10.1.2.3:8081")], "p", url), private);
    assert_eq!(denied(&[("allow_private_projects", "p")], "p", url), None);
    assert_eq!(denied(&[("allow_private_projects", "p")], "q", url), private);
    assert_eq!(denied(&[("project_allow.p", "10.2.0.0/16,10.1.2.3")], "p", url), None);
    assert_eq!(denied(&[("project_allow.p", "10.2.0.0/16")], "p", url), private);
    assert_eq!(denied(&[("project_allow.p", "10.1.2.3")], "q", url), private);
    assert_eq!(denied(&[("allow_private", "true")], "p", "http://[fd00::1]:8080/"), None);
}

#[test]
fn only_an_exact_entry_of_the_instance_opens_what_is_forbidden() {
    let is_open =
        |options: &[(&str, &str)], url: &str| egress(options).policy("p").check(url).is_ok();
    let loopback = "http://127.0.0.1:8080/";

    assert!(is_open(&[("allow", "127.0.0.1")], loopback));
    assert!(is_open(&[("allow", "127.0.0.1:8080")], loopback));
    assert!(is_open(&[("allow", "127.0.0.1")], "http://[::ffff:127.0.0.1]:8080/"));
    assert!(is_open(&[("allow", "[::1]:8080")], "http://[::1]:8080/"));
    assert!(is_open(&[("allow", "127.0.0.1:1")], "http://127.0.0.1:1/"));
    assert!(is_open(&[("allow", "localhost")], "http://LocalHost.:8080/"));
    assert!(!is_open(&[("allow", "127.0.0.1")], "http://127.0.0.1:1/"));
    assert!(!is_open(&[("allow", "127.0.0.0/8"), ("allow_private", "true")], loopback));
    assert!(!is_open(&[("project_allow.p", "127.0.0.1")], loopback));
    assert!(!is_open(&[("allow", "localhost")], loopback));
    // The host of the store, which is opened in the same way, but for its own port only together with it.
    let private = ("allow_private", "true");
    assert!(!is_open(&[private], "http://10.9.9.9:8080/"));
    assert!(is_open(&[("allow", "10.9.9.9")], "http://10.9.9.9:8080/"));
    assert!(!is_open(&[("allow", "10.9.9.9")], "http://10.9.9.9:6379/"));
    assert!(is_open(&[("allow", "10.9.9.9:6379")], "http://10.9.9.9:6379/"));
}

#[test]
fn the_service_does_not_call_itself() {
    let egress = egress(&[("allow", "127.0.0.1")]);
    let check = |url: &str| egress.policy("p").check(url).is_ok();
    assert!(check("http://127.0.0.1:8889/"));

    egress.own().listens("127.0.0.1:8889".parse().unwrap());

    assert!(!check("http://127.0.0.1:8889/"));
    assert!(!check("http://[::ffff:127.0.0.1]:8889/"));
    assert!(check("http://127.0.0.1:8890/"));
}

#[test]
fn ordinary_places_are_open_and_other_schemes_are_no_matter_of_these_rules() {
    let egress = egress(&[]);
    for url in [
        "http://example.com",
        "https://example.com/a?b#c",
        "http://example.com:8080/",
        "trust+https://example.com:443/",
        "http://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "http://a/",
        "http://bücher.example/",
    ] {
        assert!(egress.policy("p").check(url).is_ok_and(|url| url.is_some()), "{url}");
    }
    assert_eq!(egress.policy("p").check("mailto:a@localhost"), Ok(None));
    let long = format!("http://example.com/{}", "a".repeat(2048));
    assert_eq!(egress.policy("p").check(&long), Err(Denied::TooLong));
}

#[test]
fn what_cannot_be_meant_is_refused_at_start() {
    for (name, value) in [
        ("allow", "10.0.0.0/99"),
        ("ports", "0-5"),
        ("proxy", "ftp://a"),
        ("proxy", "http:"),
        ("project_allow.p", "a b"),
    ] {
        let flags = vec![Given {
            flag: "--set".to_owned(),
            option: format!("egress.{name}"),
            value: value.to_owned(),
        }];
        let settings = load(Table::standard(), &Sources { flags, ..Sources::default() }).unwrap();
        let told = Config::from_settings(settings).unwrap_err().to_string();
        assert!(told.starts_with(&format!("egress.{name}: ")), "{told}");
    }
}

#[tokio::test]
async fn a_connection_that_nobody_takes_ends_in_time() {
    let options = [("allow", "127.0.0.1"), ("connect_timeout", "1"), ("timeout", "1")];
    let egress = egress(&options);
    let clients = clients(&egress, &options, &Script::of(&[]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());

    let told =
        tokio::time::timeout(Duration::from_secs(5), call(&egress, &clients, "p", &url)).await;

    assert!(told.unwrap().unwrap_err().contains("TimedOut"));
}
