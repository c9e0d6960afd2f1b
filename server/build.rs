//! Renders the tables of routes and actions from the specification.

use std::path::Path;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-spec");
    for source in sukkal_codegen::sources(&folder) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let spec = match sukkal_codegen::load(&folder) {
        Ok(spec) => spec,
        Err(error) => {
            println!("cargo::error={error}");
            std::process::exit(1);
        }
    };
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    for artifact in sukkal_codegen::transports(&spec) {
        std::fs::write(Path::new(&out).join(artifact.path), artifact.text)
            .expect("OUT_DIR can be written");
    }
}
