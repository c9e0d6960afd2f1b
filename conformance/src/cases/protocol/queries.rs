use serde_json::json;
use sukkal_spec::{ClaimCreate, MessageList, MessagePop, Operation, OperationInfo, QueueList};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    MessageList:
        counts_blank_parameters_as_absent needs Http,
        takes_the_last_of_several_values needs Http,
        reads_truth_values_as_old_clients_write_them needs Http,
        reads_integers_as_old_clients_write_them needs Http,
        refuses_other_truth_values_and_integers needs Http,
        ignores_parameters_it_does_not_know needs Http;
    QueueList: refuses_a_limit_that_is_no_integer needs Http;
    ClaimCreate: refuses_a_claim_limit_that_is_no_integer needs Http;
    MessagePop: refuses_a_pop_that_is_no_integer needs Http;
}

async fn list(service: &Service, query: &str) -> Reply {
    let mut request = service.request(MessageList, &json!({ "queue_name": "jobs" }));
    request.path.push_str(query);
    service.send(MessageList::INFO, request).await
}

async fn counts_blank_parameters_as_absent(service: &Service) {
    service.post("jobs", ["a"]).await;
    for query in ["?limit=&echo=true", "?limit&echo=true", "?marker=&echo=true&ids=", "?&&echo=1"] {
        let listed = list(service, query).await.expect_outcome("listed");
        assert_eq!(listed.message_bodies(), ["a"], "{query}");
    }
}

async fn takes_the_last_of_several_values(service: &Service) {
    service.post("jobs", ["a", "b", "c"]).await;
    for query in ["?echo=true&limit=1&limit=2", "?echo=true&limit=1,2", "?echo=false,true&limit=2"]
    {
        let listed = list(service, query).await.expect_outcome("listed");
        assert_eq!(listed.message_bodies(), ["a", "b"], "{query}");
    }
}

async fn reads_truth_values_as_old_clients_write_them(service: &Service) {
    service.post("jobs", ["a"]).await;
    for truth in ["true", "True", "t", "yes", "y", "1", "on"] {
        let listed = list(service, &format!("?echo={truth}")).await.expect_outcome("listed");
        assert_eq!(listed.messages().len(), 1, "{truth}");
    }
    for untruth in ["false", "False", "f", "no", "n", "0", "off"] {
        let listed = list(service, &format!("?echo={untruth}")).await.expect_outcome("listed");
        assert!(listed.messages().is_empty(), "{untruth}");
    }
}

async fn reads_integers_as_old_clients_write_them(service: &Service) {
    service.post("jobs", ["a", "b", "c"]).await;
    for limit in ["2", "%2B2", "%202%20", "+2", "02", "0_2"] {
        let listed = list(service, &format!("?echo=1&limit={limit}")).await;
        assert_eq!(listed.expect_outcome("listed").messages().len(), 2, "{limit}");
    }
}

async fn refuses_other_truth_values_and_integers(service: &Service) {
    for truth in ["TRUE", "2", "ja", "%20true"] {
        let reply = list(service, &format!("?echo={truth}")).await;
        let reply = reply.expect_error("parameter_invalid");
        reply.saying("must be \"true\" or \"false\"");
    }
    for limit in ["x", "1.0", "1e1", "0x2", "_1", "1__0", "--1"] {
        let reply = list(service, &format!("?limit={limit}")).await;
        reply.expect_error("parameter_invalid").saying("The value must be an integer.");
    }
}

async fn ignores_parameters_it_does_not_know(service: &Service) {
    list(service, "?other=1&LIMIT=x").await.expect_outcome("listed");
}

async fn refused(service: &Service, info: &'static OperationInfo, mut path: String, method: &str) {
    path.push_str("=x");
    let mut request = service.request(QueueList, &json!({}));
    (request.method, request.path) = (method.to_owned(), path);
    service.send(info, request).await.expect_error("parameter_invalid");
}

async fn refuses_a_limit_that_is_no_integer(service: &Service) {
    refused(service, QueueList::INFO, "/v2/queues?limit".to_owned(), "GET").await;
}

async fn refuses_a_claim_limit_that_is_no_integer(service: &Service) {
    refused(service, ClaimCreate::INFO, "/v2/queues/jobs/claims?limit".to_owned(), "POST").await;
}

async fn refuses_a_pop_that_is_no_integer(service: &Service) {
    refused(service, MessagePop::INFO, "/v2/queues/jobs/messages?pop".to_owned(), "DELETE").await;
}
