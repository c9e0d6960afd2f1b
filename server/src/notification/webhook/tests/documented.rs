//! The example of the page on webhooks, and its programs where this machine can run them.

use std::io::ErrorKind;
use std::process::Command;

use super::*;

const PAGE: &str = include_str!("../../../../../docs/webhooks.md");
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &str = r#"{"test": 2432232314}"#;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn signed() -> (SigningKeys, String) {
    let key = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    let keys = SigningKeys::read([("k", key)], false).unwrap();
    let secret = SharedSecret::read(SECRET).unwrap();
    let all = signatures(&[secret], Some(&keys), ID, 1_614_265_330, BODY.as_bytes()).unwrap();
    (keys, all)
}

/// The program of the page in this language.
fn program(language: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Runs a program that prints what it found; `None` where there is nothing to run it with.
fn run(interpreter: &str, flag: &str, program: &str) -> Option<String> {
    match Command::new(interpreter).args([flag, program]).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).to_lowercase())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{interpreter}: {error}"),
    }
}

#[test]
fn the_example_is_what_the_service_sends() {
    let (keys, all) = signed();

    assert!(PAGE.contains(&format!("webhook-signature: {all}\n")), "{all}");
    assert!(PAGE.contains(keys.public()["keys"][0]["x"].as_str().unwrap()));
    assert!(PAGE.contains(BODY) && PAGE.contains(ID) && PAGE.contains(SECRET));
}

#[test]
fn the_programs_tell_genuine_requests_from_others() {
    let (keys, all) = signed();
    let headers = format!(
        r#"{{"webhook-id": "{ID}", "webhook-timestamp": "1614265330", "webhook-signature": "{all}"}}"#
    );
    let python = format!(
        "{}\nh = {headers}\nprint(is_genuine('{SECRET}', h, b'{BODY}'), is_genuine('{SECRET}', h, b''))",
        program("python")
    );
    // With `ulimit -v` in force node does not start.
    let script = format!(
        "{}\nconst h = {headers};\nconsole.log(isGenuine({}, h, Buffer.from('{BODY}')), isGenuine({}, h, Buffer.from('')));",
        program("js"),
        keys.public(),
        keys.public()
    );

    for found in [run("python3", "-c", &python), run("node", "-e", &script)].into_iter().flatten() {
        assert_eq!(found.trim(), "true false");
    }
}
