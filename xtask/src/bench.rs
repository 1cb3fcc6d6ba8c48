//! Measures this tree against another revision: `cargo xtask bench --base REVISION`.
//!
//! In:     a revision, which gets a working tree of its own below the target directory; benches by name; files that are
//!         published as a whole.
//! Out:    ratios of this tree to that one, below 1 where this one is faster, with their spread over the rounds.
//! Keeps:  pairs: each round runs both builds, so that a busy hour is busy for both of them; which one is first
//!         changes from round to round.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::run;
use crate::spread::Spread;
use crate::table;
use crate::usage::{self, Usage};
use crate::values;

mod sides;
mod stages;
mod whole;

use sides::Side;

/// So long a measurement may be asked to take, seconds: an hour.
const SECONDS_MAX: usize = 3600;

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    base: String,
    /// Names of benches; all when neither these nor files are given.
    benches: Vec<String>,
    /// Of the measurements of a bench, those whose names contain this.
    filter: Option<String>,
    /// Files that are published as a whole, each with its highest zoom.
    publish: Vec<(PathBuf, u8)>,
    rounds: usize,
    /// How long one measurement takes, seconds.
    seconds: usize,
    is_json: bool,
}

/// What was measured of one thing on both sides, round by round.
#[derive(Clone, Debug, PartialEq)]
struct Pairs {
    name: String,
    /// The unit of the numbers, as it is told.
    unit: &'static str,
    base: Vec<f64>,
    head: Vec<f64>,
}

/// Builds both revisions, runs them in turn, and prints the ratios.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse(arguments)?;
    let known = sides::benches(&run::root())?;
    if let Some(name) = arguments.benches.iter().find(|name| !known.contains(name)) {
        return Err(usage::unknown("bench", name, &known.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    let benches = match (&arguments.benches[..], &arguments.publish[..]) {
        ([], []) => known,
        (chosen, _) => chosen.to_vec(),
    };
    let (base, head) = sides::build(&arguments.base, &benches, !arguments.publish.is_empty())?;
    let mut pairs = stages::run(&arguments, &benches, &base, &head)?;
    pairs.extend(whole::run(&arguments, &base, &head)?);
    print!("{}", if arguments.is_json { json_of(&arguments.base, &pairs) } else { told(&pairs) });
    Ok(ExitCode::SUCCESS)
}

impl Pairs {
    /// Returns this tree's numbers divided by the other's.
    fn ratio(&self) -> Option<Spread> {
        Spread::of(self.head.iter().zip(&self.base).map(|(head, base)| head / base))
    }
}

/// Runs both sides in the order of a round and returns what they took, the base first.
fn in_turn<T>(
    round: usize,
    base: impl FnOnce() -> anyhow::Result<T>,
    head: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<(T, T)> {
    if round.is_multiple_of(2) {
        return Ok((base()?, head()?));
    }
    let head = head()?;
    Ok((base()?, head))
}

fn told(pairs: &[Pairs]) -> String {
    let head = ["measurement", "unit", "base", "this", "this / base"].map(str::to_owned);
    let row = |pairs: &Pairs| {
        let median = |numbers: &[f64]| {
            let spread = Spread::of(numbers.iter().copied());
            spread.map_or_else(|| "-".to_owned(), |spread| format!("{:.4}", spread.median))
        };
        let ratio = pairs.ratio().map_or_else(|| "-".to_owned(), |ratio| ratio.to_string());
        vec![pairs.name.clone(), pairs.unit.to_owned(), median(&pairs.base), median(&pairs.head), ratio]
    };
    table::align(&head, &pairs.iter().map(row).collect::<Vec<_>>())
}

fn json_of(base: &str, pairs: &[Pairs]) -> String {
    let pair = |pairs: &Pairs| {
        let Pairs { name, unit, base, head } = pairs;
        json!({"name": name, "unit": unit, "base": base, "this": head, "ratio": pairs.ratio().map(Spread::to_json)})
    };
    format!("{:#}\n", json!({"base": base, "measurements": pairs.iter().map(pair).collect::<Vec<_>>()}))
}

impl Arguments {
    fn parse(arguments: &[String]) -> anyhow::Result<Self> {
        const FLAGS: [&str; 7] =
            ["--base", "--bench", "--filter", "--publish", "--rounds", "--seconds", "--json"];
        let mut base = None;
        let mut parsed = Self {
            base: String::new(),
            benches: Vec::new(),
            filter: None,
            publish: Vec::new(),
            rounds: 3,
            seconds: 1,
            is_json: false,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| Usage(format!("`{argument}` needs a value")));
            match argument.as_str() {
                "--base" => base = Some(value()?.clone()),
                "--bench" => parsed.benches.push(value()?.clone()),
                "--filter" => parsed.filter = Some(value()?.clone()),
                "--publish" => parsed.publish.push(values::file_and_zoom(value()?)?),
                "--rounds" => parsed.rounds = values::rounds(value()?)?,
                "--seconds" => parsed.seconds = values::count("seconds", value()?, SECONDS_MAX)?,
                "--json" => parsed.is_json = true,
                _ if argument.starts_with('-') => return Err(usage::unknown("flag", argument, &FLAGS)),
                _ => return Err(Usage(format!("`bench` takes no argument `{argument}`")).into()),
            }
        }
        let needs = "`bench` needs a revision to compare with, such as `--base main`";
        parsed.base = base.ok_or_else(|| Usage(needs.to_owned()))?;
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: Result<&str, &str>) {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let told = Arguments::parse(&arguments).map_err(|error| error.to_string()).map(|parsed| {
            let Arguments { base, benches, filter, publish, rounds, seconds, is_json } = parsed;
            format!("{base} {benches:?} {filter:?} {publish:?} {rounds} {seconds} {is_json}")
        });
        assert_eq!(told, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn revisions_benches_and_files_are_chosen() {
        check("--base main", Ok("main [] None [] 3 1 false"));
        check(
            "--bench clip --base HEAD~1 --filter roads --publish a@14 --rounds 5 --json",
            Ok(r#"HEAD~1 ["clip"] Some("roads") [("a", 14)] 5 1 true"#),
        );
    }

    #[test]
    fn wrong_usage_is_explained() {
        check("", Err("`bench` needs a revision to compare with, such as `--base main`"));
        check("--base", Err("`--base` needs a value"));
        check("main", Err("`bench` takes no argument `main`"));
        check("--base main --publish a", Err("`a` is no input, expected `FILE@MAXZOOM`"));
        check("--base main --seconds 3601", Err("`3601` is no number of seconds, expected 1 to 3600"));
        check("--bass x", Err("unknown flag `--bass`, did you mean `--base`?; see `cargo xtask help`"));
    }

    #[test]
    fn sides_take_turns_in_being_first() {
        let mut ran = Vec::new();
        for round in 0..2 {
            let order = std::cell::RefCell::new(Vec::new());
            let side = |name: &'static str| {
                order.borrow_mut().push(name);
                Ok(name)
            };
            assert_eq!(in_turn(round, || side("base"), || side("this")).unwrap(), ("base", "this"));
            ran.push(order.into_inner());
        }
        assert_eq!(ran, [["base", "this"], ["this", "base"]]);
    }

    #[test]
    fn ratios_are_told_with_their_spread() {
        let pairs = Pairs {
            name: "clip/roads/1000".to_owned(),
            unit: "ms",
            base: vec![2.0, 4.0, 2.0],
            head: vec![1.0, 3.0, 1.2],
        };
        assert_eq!(
            told(&[pairs]),
            "  measurement      unit    base    this          this / base\n  \
               clip/roads/1000    ms  2.0000  1.2000  0.60 (0.50 to 0.75)\n"
        );
    }
}
