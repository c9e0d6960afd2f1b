//! What a mail looks like, and programs that take mail. Mail servers are tried in `conformance/tests/mail`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sukkal_storage::{EntryKind, QueueKey, Subscription};

use super::super::confirmation::tests::{parcel, plain, settings, signatures};
use super::super::{ConfirmationSettings, Outcome, ParcelMessage};
use super::*;

const FROM: &str = "Queues <queues@example.com>";

fn mail_settings(way: MailWay) -> MailSettings {
    MailSettings {
        way,
        timeout: Duration::from_secs(20),
        from: mailbox(FROM).unwrap(),
        subscription: Template::subscription(),
        unsubscription: Template::unsubscription(),
    }
}

fn confirmations() -> Confirmations {
    let settings = ConfirmationSettings {
        public_endpoint: Some("https://q.example.com".to_owned()),
        external_url: Some("https://page.example.com/confirm".to_owned()),
        ..settings()
    };
    Confirmations::new(settings, signatures(plain()))
}

fn to(subscriber: &str, options: &'static str, body: &'static str) -> Parcel {
    let made = parcel(QueueKey::new("p", "jobs"), EntryKind::Post, subscriber);
    let options = Bytes::from_static(options.as_bytes());
    let subscription = Subscription { options, ..(*made.subscription).clone() };
    let message = ParcelMessage { body: Bytes::from_static(body.as_bytes()), ..made.message };
    Parcel { subscription: Arc::new(subscription), message, ..made }
}

fn written(parcel: &Parcel) -> String {
    let settings = mail_settings(MailWay::Command(Vec::new()));
    let letter = letter::write(parcel, &settings, &confirmations()).unwrap();
    String::from_utf8(letter.bytes).unwrap()
}

#[test]
fn a_message_is_sent_as_its_json_with_a_head_that_machines_know() {
    let options = r#"{"from": "Jobs <jobs@example.org>", "subject": "not this"}"#;
    let text = written(&to("mailto:a@example.com?subject=New%20job", options, r#"{"n":1}"#));

    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        body.trim_end(),
        r#"{"ttl":600,"body":{"n":1},"Message_Type":"Notification","queue_name":"jobs"}"#
    );
    for line in [
        "From: Jobs <jobs@example.org>",
        "Sender: Queues <queues@example.com>",
        "To: a@example.com",
        "Subject: New job",
        "Date: Sat, 31 Jan 2026 12:00:00 +0000",
        "Message-ID: <00000000-0000-0000-0000-000000000009@example.com>",
        "Auto-Submitted: auto-generated",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "MIME-Version: 1.0",
    ] {
        assert!(head.lines().any(|each| each == line), "{line} in\n{head}");
    }
    let unsubscribe = head.lines().find(|line| line.starts_with("List-Unsubscribe: ")).unwrap();
    assert!(unsubscribe.ends_with('>'), "{unsubscribe}");
    assert!(unsubscribe.contains("<https://q.example.com/v2/queues/jobs/subscriptions/"));
}

#[test]
fn whatever_is_sent_every_line_is_short_and_ascii() {
    let long = "x".repeat(5000);
    for body in ["\"é\"".to_owned(), format!("\"{long}\"")] {
        let parcel = to("mailto:a@example.com?subject=%C3%A9", "{}", "null");
        let message = ParcelMessage { body: body.clone().into(), ..parcel.message.clone() };
        let text = written(&Parcel { message, ..parcel });

        assert!(text.is_ascii());
        assert!(text.split("\r\n").all(|line| line.len() <= 998), "{body}");
        assert!(text.contains("Content-Transfer-Encoding: base64"));
    }
}

#[test]
fn requests_to_confirm_follow_their_template() {
    let queue = QueueKey::new("p\r\nBcc: b@example.com", "jobs");
    let asked = parcel(queue, EntryKind::Confirm, "mailto:a@example.com");
    let template = Template {
        topic: "{0} {1}".to_owned(),
        body: "open {2}".to_owned(),
        sender: mailbox("Asks <asks@example.com>"),
    };
    let settings =
        MailSettings { subscription: template, ..mail_settings(MailWay::Command(Vec::new())) };
    let letter = letter::write(&asked, &settings, &confirmations()).unwrap();

    let text = String::from_utf8(letter.bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("From: Asks <asks@example.com>"));
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(body.starts_with("open https://page.example.com/confirm?Signature="), "{body}");
}

#[tokio::test]
async fn without_a_page_nobody_is_asked_and_the_attempt_says_why() {
    let confirmations = Confirmations::new(settings(), signatures(plain()));
    let mail = Mail::new(mail_settings(MailWay::Command(Vec::new())), confirmations).unwrap();
    let asked = parcel(QueueKey::new("p", "jobs"), EntryKind::Confirm, "mailto:a@example.com");

    let told = mail.carry(&asked).await;

    assert_eq!(told.outcome, Outcome::Refused);
    assert!(told.detail.contains("notification.external_confirmation_url"), "{}", told.detail);
}

/// A program that does this.
fn program(folder: &Path, script: &str) -> MailWay {
    let path = folder.join("takes mail");
    fs::write(&path, format!("#!/bin/sh\ncd '{}' || exit 1\n{script}\n", folder.display()))
        .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    MailWay::Command(vec![path.display().to_string(), "-t".to_owned(), "-oi".to_owned()])
}

async fn carried(way: MailWay, timeout: Duration) -> Told {
    let settings = MailSettings { timeout, ..mail_settings(way) };
    let mail = Mail::new(settings, confirmations()).unwrap();
    mail.carry(&to("mailto:a@example.com", "{}", "1")).await
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_program_gets_the_mail_its_arguments_and_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let script = "cat > mail; echo \"$@\" > arguments; env > environment";

    let told = carried(program(folder.path(), script), LONG).await;

    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(told.outcome, Outcome::Delivered, "{}", told.detail);
    assert!(read("mail").contains("To: a@example.com"));
    assert_eq!(read("arguments"), "-t -oi\n");
    assert!(!read("environment").contains("CARGO"), "{}", read("environment"));
}

#[tokio::test]
async fn the_end_of_a_program_says_whether_another_attempt_is_worth_it() {
    let folder = tempfile::tempdir().unwrap();
    let failed = Outcome::Failed { retry_after: None };
    for (script, wanted) in [
        ("exit 75", failed),
        ("exit 1", failed),
        ("kill -9 $$", failed),
        ("exit 67", Outcome::Refused),
        ("exit 0", Outcome::Delivered),
    ] {
        let told = carried(program(folder.path(), script), LONG).await;
        assert_eq!(told.outcome, wanted, "{script}: {}", told.detail);
    }
    let told = carried(MailWay::Command(vec!["/nowhere/sendmail".to_owned()]), LONG).await;
    assert_eq!(told.outcome, failed, "{}", told.detail);
}

#[tokio::test]
async fn a_program_that_does_not_end_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let told = carried(program(folder.path(), "exec sleep 600"), Duration::from_millis(200)).await;

    assert_eq!(told.outcome, Outcome::Failed { retry_after: None });
    assert!(told.detail.contains("in time"), "{}", told.detail);
}
