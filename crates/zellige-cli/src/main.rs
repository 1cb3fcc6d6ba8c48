//! The command line of zellige.
fn main() {}
