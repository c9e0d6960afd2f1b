//! The contract from outside: what decoders accept, and that nothing makes them fall over.

mod agreement;
mod document;
mod noise;
mod scanner;
