use futures_util::stream;
use http_body_util::StreamBody;
use hyper::body::Frame;

use super::*;

const SOON: Duration = Duration::from_secs(30);

fn pieces(texts: &[&'static str]) -> impl Body<Data = Bytes, Error = BoxError> + Unpin {
    let frames: Vec<_> =
        texts.iter().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))).collect();
    StreamBody::new(stream::iter(frames))
}

#[tokio::test]
async fn takes_a_body_of_one_piece_without_copying_it() {
    let whole = Bytes::from(vec![1; 100]);

    let read = read_body(Full::new(whole.clone()), 100, SOON).await.unwrap();

    assert_eq!(read.as_ptr(), whole.as_ptr());
}

#[tokio::test]
async fn joins_the_pieces_of_a_body() {
    assert_eq!(read_body(pieces(&["ab", "c", "def"]), 6, SOON).await.unwrap(), "abcdef");
    assert_eq!(read_body(pieces(&[]), 6, SOON).await.unwrap(), "");
}

#[tokio::test]
async fn refuses_a_body_that_is_too_large_announced_or_not() {
    let announced = read_body(Full::new(Bytes::from(vec![1; 101])), 100, SOON).await;
    let unannounced = read_body(pieces(&["ab", "c", "def"]), 5, SOON).await;

    assert_eq!(announced, Err(BodyError::TooLarge));
    assert_eq!(unannounced, Err(BodyError::TooLarge));
}

#[tokio::test(start_paused = true)]
async fn gives_up_a_body_that_does_not_arrive() {
    let body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, BoxError>>());

    assert_eq!(read_body(body, 100, SOON).await, Err(BodyError::TimedOut));
}

#[tokio::test]
async fn reports_a_body_that_breaks_off() {
    let frames = [Ok(Frame::data(Bytes::from_static(b"ab"))), Err(BoxError::from("gone"))];

    assert_eq!(
        read_body(StreamBody::new(stream::iter(frames)), 100, SOON).await,
        Err(BodyError::BrokeOff)
    );
}
