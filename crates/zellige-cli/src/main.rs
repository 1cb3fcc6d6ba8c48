//! The command line of zellige.
//!
//! In:     arguments, a recipe and sources, a region and what its map is drawn with.
//! Out:    a tileset or packs and a report, or what is wrong; results on standard output, everything else on
//!         standard error.
//! Keeps:  the engine's own words: this crate reads arguments, shows results and picks exit codes.
//! Source: –

mod exit;
mod args;
mod init;
mod check;
mod forecast;
mod publish;
mod interrupt;
mod pack;
mod sources;
mod pipe;
mod progress;
mod report;
mod explain;
mod inspect;
mod draw;
mod show;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Asked, Verb};
use exit::Failure;

/// All verbs, in the order of the help.
const VERBS: [&Verb; 6] =
    [&init::VERB, &check::VERB, &publish::VERB, &pack::VERB, &explain::VERB, &inspect::VERB];

fn main() -> ExitCode {
    exit::code(run(std::env::args_os().skip(1).collect()))
}

fn run(mut words: Vec<OsString>) -> Result<(), Failure> {
    let first = if words.is_empty() { OsString::new() } else { words.remove(0) };
    match first.to_str() {
        Some("init") => verb(&init::VERB, words, init::run),
        Some("publish") => verb(&publish::VERB, words, publish::run),
        Some("pack") if words.first().is_some_and(|word| word == "verify") => {
            verb(&pack::verify::VERB, words.split_off(1), pack::verify::run)
        }
        Some("pack") => verb(&pack::VERB, words, pack::run),
        Some("check") => verb(&check::VERB, words, check::run),
        Some("explain") => verb(&explain::VERB, words, explain::run),
        Some("inspect") => verb(&inspect::VERB, words, inspect::run),
        Some("--version" | "-V") => show::print(&format!("zellige {}\n", env!("CARGO_PKG_VERSION"))),
        Some("--help" | "-h" | "help") => show::print(&help(words.first())?),
        _ => Err(args::unknown_verb(&first, &VERBS)),
    }
}

fn verb(
    verb: &'static Verb,
    words: Vec<OsString>,
    run: fn(&args::Given) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match args::parse(verb, words)? {
        Asked::Help => show::print(&args::help(verb)),
        Asked::Run(given) => run(&given),
    }
}

/// Returns the help of the verb that is named, or the overview.
fn help(name: Option<&OsString>) -> Result<String, Failure> {
    let Some(name) = name else { return Ok(args::overview(&VERBS)) };
    let verb = VERBS.into_iter().find(|verb| verb.name == name.as_os_str());
    verb.map(args::help).ok_or_else(|| args::unknown_verb(name, &VERBS))
}
