//! What a subscriber receives.

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn told(webhooks: &Webhooks, url: &str, options: &str) -> Told {
    webhooks.carry(&parcel(url, options)).await
}

#[tokio::test]
async fn a_message_comes_as_it_was_posted_with_its_ids_in_headers() {
    let (url, mut heard, _) = server(OK).await;
    let webhooks = webhooks(&[]);

    let told = webhooks.carry(&parcel(&url, "{}")).await;

    assert_eq!((told.outcome, told.status), (Outcome::Delivered, Some(200)), "{told:?}");
    let request = heard.recv().await.unwrap();
    assert!(request.head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{}", request.head);
    let body =
        r#"{"ttl":300,"body":{"k": 1e400 },"Message_Type":"Notification","queue_name":"q\"1"}"#;
    assert_eq!(request.body, body);
    for (name, value) in [
        ("content-type", Some("application/json")),
        ("user-agent", Some("sukkal")),
        ("webhook-id", Some("00000000-0000-0000-0000-000000000009")),
        ("webhook-message-id", Some("00000000-0000-0000-0000-000000000008")),
        ("webhook-timestamp", Some("1795291200")),
        ("webhook-attempt", Some("2")),
        ("webhook-signature", None),
        ("x-auth-token", None),
        ("accept-encoding", None),
    ] {
        assert_eq!(request.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_delay_is_told_and_a_template_and_headers_are_used() {
    let (url, mut heard, _) = server(OK).await;
    let options = r#"{"post_data": "{\"n\": 1, \"m\": \"$zaqar_message$\"}",
        "post_headers": {"content-type": "a/b", "X-A": "1", "Content-Type": "application/x", "User-Agent": "me"}}"#;
    let mut parcel = parcel(&url, options);
    parcel.message.delay = Some(5);

    assert_eq!(webhooks(&[]).carry(&parcel).await.outcome, Outcome::Delivered);

    let request = heard.recv().await.unwrap();
    let message = r#"{"ttl":300,"body":{"k": 1e400 },"delay":5,"Message_Type":"Notification","queue_name":"q\"1"}"#;
    assert_eq!(request.body, format!(r#"{{"n": 1, "m": {message}}}"#));
    assert_eq!(request.header("content-type"), Some("application/x"));
    assert_eq!(request.header("user-agent"), Some("me"));
    assert_eq!(request.header("x-a"), Some("1"));
    assert_eq!(request.head.to_ascii_lowercase().matches("content-type:").count(), 1);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_nobody_hears_of_it() {
    let (url, mut heard, mut connected) = server(OK).await;
    let webhooks = webhooks(&[]);
    let places = "\\\"$zaqar_message$\\\"".repeat(30_000);
    for options in [
        r#"{"post_headers": {"Host": "elsewhere"}}"#.to_owned(),
        r#"{"post_headers": {"X-A": "a\r\nX-Auth-Token: t"}}"#.to_owned(),
        format!(r#"{{"post_data": "{places}"}}"#),
    ] {
        let told = told(&webhooks, &url, &options).await;
        assert_eq!(told.outcome, Outcome::Refused, "{told:?}");
    }
    for subscriber in [
        "http://10.0.0.1/",
        "http://127.0.0.1:1/",
        "http://a@127.0.0.1/",
        "http://localhost/",
        "mailto:a@b",
    ] {
        let told = told(&webhooks, subscriber, "{}").await;
        assert_eq!((told.outcome, told.status), (Outcome::Refused, None), "{told:?}");
    }
    let mut confirm = parcel(&url, "{}");
    confirm.kind = EntryKind::Confirm;
    assert_eq!(webhooks.carry(&confirm).await.outcome, Outcome::Refused);
    assert!(heard.try_recv().is_err() && connected.try_recv().is_err());
}

#[tokio::test]
async fn confirmations_go_the_same_way_through_the_template() {
    let (url, mut heard, _) = server(OK).await;
    let webhooks = webhooks(&[("signed_url.secret_key", "0f2b6a1e44")]);
    let mut parcel = parcel(&url, r#"{"post_data": "[\"$zaqar_message$\"]"}"#);
    parcel.kind = EntryKind::Confirm;

    assert_eq!(webhooks.carry(&parcel).await.outcome, Outcome::Delivered);

    let request: serde_json::Value =
        serde_json::from_str(&heard.recv().await.unwrap().body).unwrap();
    assert_eq!(request[0]["Message_Type"], "SubscriptionConfirmation");
    assert_eq!(request[0]["URL-Methods"], "PUT");
}

struct Tokens(Mutex<Vec<String>>);

#[async_trait]
impl TrustTokens for Tokens {
    async fn token(&self, trust_id: &str) -> Result<Secret, String> {
        self.0.lock().unwrap().push(trust_id.to_owned());
        if trust_id == "gone" { Err("not found".to_owned()) } else { Ok(Secret::new("tok")) }
    }
}

#[tokio::test]
async fn trusts_are_used_and_without_a_token_nothing_is_sent() {
    let (url, mut heard, mut connected) = server(OK).await;
    let trusted = format!("Trust+{url}");
    let plain = webhooks(&[]);
    assert_eq!(told(&plain, &trusted, r#"{"trust_id": "t"}"#).await.outcome, FAILED);
    let webhooks = plain.with_trusts(Arc::new(Tokens(Mutex::default())));
    let gone = told(&webhooks, &trusted, r#"{"trust_id": "gone"}"#).await;
    assert_eq!((gone.outcome, gone.detail.as_str()), (FAILED, "no token for the trust: not found"));
    assert_eq!(told(&webhooks, &trusted, "{}").await.outcome, Outcome::Refused);
    assert!(connected.try_recv().is_err());

    assert_eq!(told(&webhooks, &trusted, r#"{"trust_id": "t"}"#).await.outcome, Outcome::Delivered);

    assert_eq!(heard.recv().await.unwrap().header("X-Auth-Token"), Some("tok"));
}

#[tokio::test]
async fn signatures_are_opt_in_or_on_by_configuration() {
    let (url, mut heard, _) = server(OK).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let key = ("webhook_signing.keys.k1", "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    let with_key = webhooks(&[key]);
    let with_all = webhooks(&[key, ("webhook_signing.sign_all", "true")]);
    let without = webhooks(&[]);
    let shared = format!(r#"{{"signing_secret": "{secret}"}}"#);
    let both = format!(r#"{{"signing_secret": ["{secret}", "{secret}"], "signing": true}}"#);
    let neither = format!(r#"{{"signing_secret": "{secret}", "signing": false}}"#);
    for (webhooks, options, wanted) in [
        (&without, "{}", &[][..]),
        (&without, r#"{"signing": true}"#, &[]),
        (&without, &shared, &["v1,"]),
        (&with_key, "{}", &[]),
        (&with_key, r#"{"signing": true}"#, &["v1a,"]),
        (&with_key, &both, &["v1,", "v1,", "v1a,"]),
        (&with_all, "{}", &["v1a,"]),
        (&with_all, r#"{"signing": false}"#, &[]),
        (&with_all, &neither, &["v1,"]),
    ] {
        assert_eq!(told(webhooks, &url, options).await.outcome, Outcome::Delivered);
        let request = heard.recv().await.unwrap();
        let signed: Vec<_> = request
            .header("webhook-signature")
            .into_iter()
            .flat_map(|all| all.split(' '))
            .collect();
        assert_eq!(signed.len(), wanted.len(), "{options}: {signed:?}");
        assert!(
            signed.iter().zip(wanted).all(|(given, start)| given.starts_with(start)),
            "{signed:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_is_used_again_when_an_answer_ends() {
    let (url, mut heard, mut connected) = server(OK).await;
    let webhooks = webhooks(&[]);

    for _ in 0..5 {
        assert_eq!(told(&webhooks, &url, "{}").await.outcome, Outcome::Delivered);
        heard.recv().await.unwrap();
    }

    connected.recv().await.unwrap();
    assert!(connected.try_recv().is_err(), "a second connection");
}
