//! The AsyncAPI document: what the specification of AsyncAPI asks of it, and what ours does.
#![expect(clippy::unwrap_used, reason = "a test ends where its files cannot be read")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap()
}

fn document() -> Value {
    read("api-spec/asyncapi.json")
}

fn official() -> jsonschema::Validator {
    jsonschema::draft7::new(&read("codegen/tests/asyncapi/3.0.0.json")).unwrap()
}

#[test]
fn fits_the_official_schema_of_asyncapi() {
    let document = document();

    let wrong: Vec<String> = official()
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_official_schema_refuses_what_is_wrong() {
    let mut breaks = Vec::new();
    for (place, value) in [
        ("/operations/queue_get/action", json!("answer")),
        ("/operations/queue_get/channel", json!("websocket")),
        ("/channels/websocket/messages/queue_get.request", json!(1)),
        ("/components/schemas/queue_get.request/required", json!("action")),
    ] {
        let mut document = document();
        *document.pointer_mut(place).unwrap() = value;
        breaks.push((place, official().is_valid(&document)));
    }

    assert!(breaks.iter().all(|(_, valid)| !valid), "{breaks:?}");
}

#[test]
fn has_a_request_and_a_reply_for_every_action_of_the_specification() {
    let spec = sukkal_codegen::load(&root().join("api-spec")).unwrap();
    let bound = spec.operations.iter().filter_map(|each| each.written.websocket.as_ref());
    let actions: BTreeSet<&str> = bound.map(|binding| binding.action.as_str()).collect();

    let document = document();
    let operations = document["operations"].as_object().unwrap();
    let received: BTreeSet<&str> = operations
        .iter()
        .filter(|(_, each)| each["action"] == "receive")
        .map(|(name, _)| name.as_str())
        .collect();

    assert_eq!(received, actions);
    for action in actions {
        let on = |end: &str| format!("#/channels/websocket/messages/{action}.{end}");
        assert_eq!(operations[action]["messages"][0]["$ref"], on("request"));
        assert_eq!(operations[action]["reply"]["messages"][0]["$ref"], on("reply"));
    }
}

#[test]
fn every_push_is_a_message_of_each_channel_it_goes_to() {
    let document = document();

    let sent = |channel: &str| -> BTreeSet<String> {
        let operations = document["operations"].as_object().unwrap().values();
        let mine = operations.filter(|each| {
            each["action"] == "send" && each["channel"]["$ref"] == format!("#/channels/{channel}")
        });
        mine.map(|each| each["messages"][0]["$ref"].as_str().unwrap().to_owned()).collect()
    };

    let on = |channel: &str, name: &str| format!("#/channels/{channel}/messages/{name}");
    assert_eq!(sent("websocket"), [on("websocket", "notification")].into());
    let subscriber = ["confirmation", "notification"].map(|name| on("subscriber", name));
    assert_eq!(sent("subscriber"), subscriber.into());
}

#[test]
fn every_example_fits_the_payload_of_its_message() {
    let document = document();
    let mut checked = 0;
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        let mut schema = json!({ "components": document["components"] });
        schema["$ref"] = message["payload"]["$ref"].clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for example in message["examples"].as_array().into_iter().flatten() {
            let wrong: Vec<String> =
                validator.iter_errors(&example["payload"]).map(|each| each.to_string()).collect();
            assert!(wrong.is_empty(), "{name}: {wrong:?}");
            checked += 1;
        }
        assert!(!validator.is_valid(&json!({})), "{name} takes anything");
    }
    assert!(checked > 20, "{checked}");
}
