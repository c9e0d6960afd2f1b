//! Every example of the specification, exactly as it stands there, over every binding on every driver.

mod matrix;
mod specification;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use matrix::{Matrix, ignored, manual_clock};
use serde_json::json;
use specification::given::{filled_in, set_up};
use specification::{Example, examples};
use sukkal_conformance::client::HttpRequest;
use sukkal_conformance::service::{Reply, Service, Transport};
use sukkal_spec::OperationInfo;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let matrix = Arc::new(Matrix::start(manual_clock).with_pools(manual_clock));
    let mut trials = Vec::new();
    for pooled in [false, true] {
        for (at, driver) in matrix.servers(pooled).iter().enumerate() {
            for transport in Transport::ALL {
                let shown = examples().into_iter().filter(|example| {
                    example.is_shown_on(transport) && needs_pools(example) == pooled
                });
                for example in shown {
                    let kind = format!("{}/{transport}", driver.name);
                    trials.push(trial(&matrix, at, transport, example).with_kind(kind));
                }
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(matrix) = Arc::into_inner(matrix) {
        matrix.stop();
    }
    conclusion.exit_code()
}

fn needs_pools(example: &Example) -> bool {
    example.info.available_with.contains(&"pooling")
}

fn trial(matrix: &Arc<Matrix>, driver: usize, transport: Transport, example: Example) -> Trial {
    let matrix = Arc::clone(matrix);
    let name = format!("{}::{}", example.info.name, example.name);
    Trial::ignorable_test(name, move || {
        let pooled = needs_pools(&example);
        let server = match &matrix.servers(pooled)[driver].server {
            Ok(server) => server,
            Err(reason) => return ignored(reason),
        };
        let service = server.service(transport);
        let running = server.run(pooled, async {
            play(&service, &example).await;
            if pooled {
                service.remove_pools().await;
            }
        });
        matrix.runtime.block_on(running);
        Ok::<_, Failed>(Completion::Completed)
    })
}

async fn play(service: &Service, example: &Example) {
    let values = set_up(service, &example.given).await;
    let reply = if service.transport() == Transport::Http {
        over_http(service, example, &values).await
    } else {
        let body = example.websocket.get("body").map(|body| filled_in(body, &values));
        let frame = service.frame_for(example.info, body);
        service.exchange_frame(example.info, frame).await
    };

    let shown = example.shown_on(service.transport());
    assert_eq!(Some(reply.status()), shown["status"].as_u64(), "{}", reply.body());
    reply.expect_outcome(&example.outcome);
}

async fn over_http(service: &Service, example: &Example, values: &[(String, String)]) -> Reply {
    let line = example.http["request"].as_str().expect("a request");
    let line = filled_in(&json!(line), values);
    let (method, path) = line.as_str().and_then(|line| line.split_once(' ')).expect("two words");
    let body = example.http.get("body").map(|body| filled_in(body, values).to_string());
    let mut headers = vec![
        ("Client-ID".to_owned(), service.client().to_owned()),
        ("X-Project-ID".to_owned(), service.project().to_owned()),
    ];
    let roles = service.roles_for(example.info);
    headers.extend(roles.map(|roles| ("X-Roles".to_owned(), roles.to_owned())));
    headers.extend(body.as_ref().map(|_| ("Content-Type".to_owned(), media_type(example.info))));
    let request = HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers,
        body: body.map(String::into_bytes),
    };
    service.send(example.info, request).await
}

fn media_type(info: &OperationInfo) -> String {
    let binding = info.http.expect("it is bound");
    binding.media_type.unwrap_or("application/json").to_owned()
}
