//! What keeps a server from starting, and what it says then.

use std::fs;

use crate::Outcome;
use crate::api::Api;
use crate::server::Setup;

pub(crate) async fn an_unknown_option_is_refused_with_the_nearest_one() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sukkal.toml");
    fs::write(&file, "[http]\nlisten = \"127.0.0.1:0\"\nmax_conections = 5\n").unwrap();
    let setup = Setup::new(&directory.path().join("data"));

    let flag = setup.clone().set("websocket.ping_intervall=5").refused().await;
    let option = setup.clone().set("storage.options.synchronus=full").refused().await;
    let file = setup.with(&["--config", file.to_str().unwrap()]).refused().await;

    assert!(flag.text.contains("websocket.ping_interval"), "{flag:?}");
    assert!(option.text.contains("synchronous"), "{option:?}");
    assert!(file.text.contains("http.max_connections"), "{file:?}");
    assert!(file.text.contains("sukkal.toml"), "{file:?}");
    for refusal in [flag, option, file] {
        assert_eq!(refusal.status.code(), Some(1), "{refusal:?}");
    }
    assert!(!directory.path().join("data").exists());
    Ok(())
}

pub(crate) async fn a_folder_that_cannot_be_written_is_refused() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "mine").unwrap();

    // Nobody can make a folder below a file, not even root.
    let below_a_file = Setup::new(&file.join("data")).refused().await;
    let kernel = Setup::new("/proc/sukkal".as_ref()).refused().await;

    for (refusal, path) in [(&below_a_file, "file/data"), (&kernel, "/proc/sukkal")] {
        assert_eq!(refusal.status.code(), Some(1), "{refusal:?}");
        assert!(refusal.text.contains(path), "{refusal:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    Ok(())
}

pub(crate) async fn a_second_process_on_the_same_folder_is_refused() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path());
    let first = setup.start();
    let mut api = Api::open(first.http).await.unwrap();
    api.post("q", &[1]).await.unwrap();

    let second = setup.refused().await;

    assert_eq!(second.status.code(), Some(1), "{second:?}");
    assert!(second.text.contains("in use by another process"), "{second:?}");
    api.post("q", &[2]).await.unwrap();
    assert_eq!(api.messages("q").await.unwrap().len(), 2);
    first.kill();
    let third = setup.start();
    let messages = Api::open(third.http).await.unwrap().messages("q").await.unwrap();
    assert_eq!(messages.len(), 2);
    Ok(())
}

pub(crate) async fn a_port_that_is_taken_is_refused() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let refusal =
        Setup::new(directory.path()).set(&format!("http.listen={address}")).refused().await;

    assert_eq!(refusal.status.code(), Some(1), "{refusal:?}");
    assert!(refusal.text.contains(&address), "{refusal:?}");
    Ok(())
}
