//! Mail to a real mail server, in every way that can be configured, and to servers that are none.

mod server;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use server::{MailServer, python};
use sukkal_server::clock::Clock;
use sukkal_server::notification::mail::{
    Mail, MailSettings, MailWay, SmtpSecurity, SmtpSettings, Template, mailbox,
};
use sukkal_server::notification::{
    Carrier, ConfirmationSettings, Confirmations, Outcome, Parcel, ParcelMessage, Told,
};
use sukkal_server::signature::{KeyRing, Secret, Signatures};
use sukkal_storage::{EntryKind, QueueKey, Subscription, SubscriptionState};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::Instant;
use uuid::Uuid;

const FAILED: Outcome = Outcome::Failed { retry_after: None };

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("mail_goes_without_protection_where_that_is_said", plainly),
        trial("mail_goes_after_a_greeting_with_tls_and_login", starttls),
        trial("mail_goes_with_tls_and_login", tls),
        trial("a_wrong_password_is_for_operators_to_mend", wrong_password),
        trial("a_certificate_of_nobody_is_not_trusted", untrusted),
        trial("a_server_without_tls_gets_no_password", no_starttls),
        trial("replies_say_whether_another_attempt_is_worth_it", replies),
        trial("a_server_that_hangs_holds_nobody_up", hanging),
        trial("a_server_that_speaks_nonsense_is_tried_again", nonsense),
        trial("connections_are_used_again_unless_an_attempt_failed", reuse),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial<F: Future<Output = ()> + 'static>(
    name: &str,
    test: impl Fn() -> F + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Err(reason) = python() {
            return Ok::<_, Failed>(Completion::ignored_with(reason));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(test());
        Ok(Completion::Completed)
    })
}

fn settings(port: u16, security: SmtpSecurity) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".to_owned(),
        port,
        security,
        user: None,
        idle_connections: 4,
        ca_file: None,
    }
}

/// The settings for a server that wants TLS and a login.
fn protected(server: &MailServer, security: SmtpSecurity) -> SmtpSettings {
    SmtpSettings {
        user: Some(("mailer".to_owned(), Secret::new("secret"))),
        ca_file: Some(server.authority()),
        ..settings(server.port, security)
    }
}

fn mail(smtp: SmtpSettings) -> Mail {
    mail_within(smtp, Duration::from_secs(20))
}

fn mail_within(smtp: SmtpSettings, timeout: Duration) -> Mail {
    let settings = MailSettings {
        way: MailWay::Smtp(smtp),
        timeout,
        from: mailbox("Queues <queues@example.com>").expect("a sender"),
        subscription: Template::subscription(),
        unsubscription: Template::unsubscription(),
    };
    let signatures = Signatures::new(KeyRing::default(), Clock::manual(0));
    let confirmations = Confirmations::new(ConfirmationSettings::default(), signatures);
    Mail::new(settings, confirmations).expect("it can be used")
}

fn parcel(recipient: &str) -> Parcel {
    let subscription = Subscription {
        id: Uuid::from_u128(7),
        subscriber: format!("mailto:{recipient}@example.com?subject=News"),
        ttl: 600,
        options: Bytes::from_static(b"{}"),
        is_confirmed: true,
        is_follower: false,
        state: SubscriptionState::Active,
        created_at: 0,
        expires_at: 600_000,
    };
    Parcel {
        queue: QueueKey::new("p", "jobs"),
        subscription: Arc::new(subscription),
        kind: EntryKind::Post,
        message: ParcelMessage {
            id: Uuid::from_u128(1),
            ttl: 600,
            delay: None,
            posted_at: 0,
            body: Bytes::from_static(b"{\"n\":1}"),
        },
        delivery_id: Uuid::from_u128(9),
        attempt: 1,
        now: 1_769_860_800_000,
    }
}

async fn carried(mail: &Mail, recipient: &str) -> Told {
    mail.carry(&parcel(recipient)).await
}

async fn delivers(server: &MailServer, smtp: SmtpSettings, tls: bool, user: Option<&str>) {
    let told = carried(&mail(smtp), "a").await;

    assert_eq!((told.outcome, told.status), (Outcome::Delivered, Some(250)), "{}", told.detail);
    let (known, text) = server.mail(1);
    assert_eq!(known["from"], "queues@example.com");
    assert_eq!(known["to"], serde_json::json!(["a@example.com"]));
    assert_eq!((known["tls"].as_bool(), known["user"].as_str()), (Some(tls), user));
    assert!(text.contains("Subject: News\r\n"), "{text}");
    assert!(text.contains(r#""Message_Type":"Notification""#), "{text}");
}

async fn plainly() {
    let server = MailServer::start("plain");
    delivers(&server, settings(server.port, SmtpSecurity::Plain), false, None).await;
}

async fn starttls() {
    let server = MailServer::start("starttls");
    delivers(&server, protected(&server, SmtpSecurity::StartTls), true, Some("mailer")).await;
}

async fn tls() {
    let server = MailServer::start("tls");
    delivers(&server, protected(&server, SmtpSecurity::Tls), true, Some("mailer")).await;
}

async fn wrong_password() {
    let server = MailServer::start("tls");
    let user = Some(("mailer".to_owned(), Secret::new("wrong-password")));
    let smtp = SmtpSettings { user, ..protected(&server, SmtpSecurity::Tls) };

    let told = carried(&mail(smtp), "a").await;

    assert_eq!((told.outcome, told.status), (FAILED, Some(535)), "{}", told.detail);
    assert!(!told.detail.contains("wrong-password") && !told.detail.contains("mailer"));
    assert_eq!(server.count(), 0);
}

async fn untrusted() {
    for (mode, security) in [("tls", SmtpSecurity::Tls), ("starttls", SmtpSecurity::StartTls)] {
        let server = MailServer::start(mode);
        let smtp = SmtpSettings { ca_file: None, ..protected(&server, security) };

        let told = carried(&mail(smtp), "a").await;

        assert_eq!(told.outcome, FAILED, "{mode}: {}", told.detail);
        assert_eq!(server.count(), 0);
    }
}

async fn no_starttls() {
    let server = MailServer::start("plain");
    let user = Some(("mailer".to_owned(), Secret::new("secret")));
    let smtp = SmtpSettings { user, ..settings(server.port, SmtpSecurity::StartTls) };

    let told = carried(&mail(smtp), "a").await;

    assert_eq!(told.outcome, FAILED, "{}", told.detail);
    assert_eq!(server.count(), 0);
}

async fn replies() {
    let server = MailServer::start("plain");
    let mail = mail(settings(server.port, SmtpSecurity::Plain));

    let rejected = carried(&mail, "reject").await;
    let put_off = carried(&mail, "later").await;

    assert_eq!((rejected.outcome, rejected.status), (Outcome::Refused, Some(550)));
    assert!(rejected.detail.contains("no such user"), "{}", rejected.detail);
    assert_eq!((put_off.outcome, put_off.status), (FAILED, Some(451)));
    assert_eq!(carried(&mail, "a").await.outcome, Outcome::Delivered);
    drop(server);
    let away = carried(&mail, "a").await;
    assert_eq!((away.outcome, away.status), (FAILED, None), "{}", away.detail);
}

async fn hanging() {
    let server = MailServer::start("plain");
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let silent = silent.local_addr().expect("an address").port();
    for (port, recipient) in [(server.port, "hang"), (silent, "a")] {
        let smtp =
            SmtpSettings { host: "127.0.0.1".to_owned(), ..settings(port, SmtpSecurity::Plain) };
        let mail = mail_within(smtp, Duration::from_millis(500));
        let begun = Instant::now();

        let told = carried(&mail, recipient).await;

        assert_eq!(told.outcome, FAILED, "{}", told.detail);
        assert!(begun.elapsed() < Duration::from_secs(10));
        if port == server.port {
            assert_eq!(carried(&mail, "a").await.outcome, Outcome::Delivered);
        }
    }
}

async fn nonsense() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    for security in [SmtpSecurity::Plain, SmtpSecurity::Tls] {
        let smtp = SmtpSettings { host: "127.0.0.1".to_owned(), ..settings(port, security) };

        let told = carried(&mail(smtp), "a").await;

        assert_eq!(told.outcome, FAILED, "{}", told.detail);
    }
}

async fn reuse() {
    let server = MailServer::start("plain");
    let mail = mail(settings(server.port, SmtpSecurity::Plain));
    let peer = |n| server.mail(n).0["peer"].clone();

    for _ in 0..2 {
        assert_eq!(carried(&mail, "a").await.outcome, Outcome::Delivered);
    }
    assert_eq!(carried(&mail, "reject").await.outcome, Outcome::Refused);
    assert_eq!(carried(&mail, "b").await.outcome, Outcome::Delivered);

    assert_eq!(peer(1), peer(2));
    assert_ne!(peer(2), peer(3));
    assert_eq!(server.mail(3).0["to"], serde_json::json!(["b@example.com"]));
}
