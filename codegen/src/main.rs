//! `sukkal-codegen write` renews the files that are checked in; `sukkal-codegen check` compares them.
fn main() {}
