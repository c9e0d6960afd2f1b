//! Nothing that arrives makes a decoder or an explanation fall over.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use sukkal_spec::binding::{BodyShape, OperationInfo};
use sukkal_spec::decode::{Carried, Document};
use sukkal_spec::explain::explain;
use sukkal_spec::{HTTP_REFUSALS, Limits, OPERATIONS, WEBSOCKET_REFUSALS, accepts};

use super::document::anything;

/// Every way in which this text can arrive for an operation; says how many of them were tried.
fn feed(info: &'static OperationInfo, source: &Bytes) -> usize {
    let mut documents = vec![Document::Members { source, only: None, requires: &[] }];
    if let Some(binding) = info.websocket {
        let only = Some(binding.fields);
        documents.push(Document::Members { source, only, requires: binding.fields });
    }
    if let Some(BodyShape::Payload(field)) = info.http.map(|binding| binding.body) {
        documents.push(Document::Payload { source, field });
    }
    for document in &documents {
        let carried = Carried { values: Vec::new(), document: *document };
        if let Some(Err(refused)) = accepts(info.name, &carried, &Limits::default()) {
            let http = info.http.map_or(&[][..], |binding| binding.refusals);
            let websocket = info.websocket.map_or(&[][..], |binding| binding.refusals);
            for rules in [[http, HTTP_REFUSALS], [websocket, WEBSOCKET_REFUSALS]] {
                let told = explain(info, &rules, &carried, refused);
                assert!(!told.violations.is_empty());
            }
        }
    }
    documents.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let source = Bytes::from(bytes);
        for info in OPERATIONS {
            prop_assert!(feed(info, &source) > 0);
        }
    }

    #[test]
    fn damaged_documents_are_read_or_refused(
        json in anything(),
        cut in any::<usize>(),
        damage in vec((any::<usize>(), any::<u8>()), 0..4),
    ) {
        let mut text = format!("{{\"queue_name\": \"jobs\", \"messages\": [{{\"body\": {}}}]}}", json.render()).into_bytes();
        for (at, byte) in damage {
            let place = at % text.len();
            text[place] = byte;
        }
        text.truncate(1 + cut % text.len());
        let source = Bytes::from(text);
        for info in OPERATIONS {
            prop_assert!(feed(info, &source) > 0);
        }
    }

    #[test]
    fn deep_documents_are_read_or_refused(depth in 100_usize..300, object in any::<bool>()) {
        let (open, close) = if object { ("{\"messages\":", "}") } else { ("[", "]") };
        let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let source = Bytes::from(format!("{{\"queue_name\": \"jobs\", \"metadata\": {nested}, \"messages\": {nested}}}"));
        for info in OPERATIONS {
            prop_assert!(feed(info, &source) > 0);
        }
    }
}
