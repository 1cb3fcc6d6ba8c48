//! Words of the command line to flags and operands, and the help about them.
//!
//! In:     a [`Verb`], which is the one table that parser, help and suggestions are made from; the words.
//! Out:    [`Given`]: what was said, to be asked by name; or wrong usage, with what was meant.
//! Keeps:  the order of repeated flags and of operands; bytes of paths that are no UTF-8.
//! Source: –

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::exit::Failure;
use crate::show::put;

/// The column at which explanations of flags begin.
const HELP_COLUMN: usize = 30;
/// How long a misspelt word may be to be compared at all, bytes.
const WORD_BYTES_MAX: usize = 64;

/// A verb of the command line.
#[derive(Debug)]
pub(crate) struct Verb {
    /// How it is called.
    pub(crate) name: &'static str,
    /// What it does, as one sentence.
    pub(crate) about: &'static str,
    /// What it is given, in the usual notation.
    pub(crate) usage: &'static str,
    /// The fewest operands, each by name.
    pub(crate) operands: &'static [&'static str],
    /// How many operands may follow those.
    pub(crate) n_more: usize,
    /// Everything that begins with dashes, but for `--help`.
    pub(crate) flags: &'static [Flag],
    /// Commands that work, each with what it does.
    pub(crate) examples: &'static [(&'static str, &'static str)],
}

/// A flag, with or without a value.
#[derive(Debug)]
pub(crate) struct Flag {
    /// The name behind two dashes.
    pub(crate) long: &'static str,
    /// The letter behind one dash.
    pub(crate) short: Option<char>,
    /// The name of its value, if it takes one.
    pub(crate) value: Option<&'static str>,
    /// Whether it may be given more than once.
    pub(crate) times: Times,
    /// What it does; lines are broken by hand.
    pub(crate) help: &'static str,
}

/// How often a flag may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    Once,
    Many,
}

impl Flag {
    /// Returns a flag without a value.
    pub(crate) const fn switch(long: &'static str, help: &'static str) -> Self {
        Self { long, short: None, value: None, times: Times::Once, help }
    }

    /// Returns a flag with a value.
    pub(crate) const fn value(long: &'static str, value: &'static str, help: &'static str) -> Self {
        Self { long, short: None, value: Some(value), times: Times::Once, help }
    }
}

/// What the words ask for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// The help of the verb.
    Help,
    /// The verb.
    Run(Given),
}

/// What was given to a verb.
#[derive(Debug)]
pub(crate) struct Given {
    verb: &'static Verb,
    flags: Vec<(&'static str, OsString)>,
    operands: Vec<OsString>,
}

/// Reads the words behind a verb.
pub(crate) fn parse(verb: &'static Verb, words: Vec<OsString>) -> Result<Asked, Failure> {
    let mut given = Given { verb, flags: Vec::new(), operands: Vec::new() };
    let mut parser = lexopt::Parser::from_args(words);
    let wrong = |error: lexopt::Error| usage(verb, lower_first(&error.to_string()));
    while let Some(arg) = parser.next().map_err(wrong)? {
        let flag = match arg {
            lexopt::Arg::Long("help") | lexopt::Arg::Short('h') => return Ok(Asked::Help),
            lexopt::Arg::Value(value) => {
                given.operands.push(value);
                continue;
            }
            lexopt::Arg::Long(long) => {
                let found = verb.flags.iter().find(|flag| flag.long == long);
                found.ok_or_else(|| unknown_flag(verb, long))?
            }
            lexopt::Arg::Short(short) => {
                let found = verb.flags.iter().find(|flag| flag.short == Some(short));
                found.ok_or_else(|| usage(verb, format!("unknown option `-{short}`")))?
            }
        };
        let value = match flag.value {
            Some(_) => match parser.optional_value() {
                Some(attached) => attached,
                None => value_of(verb, flag, &mut parser)?,
            },
            None => OsString::new(),
        };
        if flag.times == Times::Once && given.has(flag.long) {
            return Err(usage(verb, format!("`--{}` is given twice", flag.long)));
        }
        given.flags.push((flag.long, value));
    }
    if let Some(missing) = verb.operands.get(given.operands.len()) {
        return Err(usage(verb, format!("{missing} is missing")));
    }
    if let Some(surplus) = given.operands.get(verb.operands.len() + verb.n_more) {
        let takes_sources = verb.flags.iter().any(|flag| flag.long == "source");
        let hint = if takes_sources {
            format!(", sources go by `--source {}`", surplus.display())
        } else {
            String::new()
        };
        return Err(usage(verb, format!("unexpected argument `{}`{hint}", surplus.display())));
    }
    Ok(Asked::Run(given))
}

/// Returns the word behind a flag, which is no flag itself.
fn value_of(verb: &'static Verb, flag: &Flag, parser: &mut lexopt::Parser) -> Result<OsString, Failure> {
    let value =
        parser.value().ok().filter(|value| value == "-" || !value.as_encoded_bytes().starts_with(b"-"));
    value.ok_or_else(|| usage(verb, format!("`--{}` needs a value", flag.long)))
}

impl Given {
    /// Whether a flag was given.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.all(long).next().is_some()
    }

    /// Returns all values of a flag in order.
    pub(crate) fn all<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a OsStr> {
        self.flags.iter().filter(move |(name, _)| *name == long).map(|(_, value)| value.as_os_str())
    }

    /// Returns the value of a flag as a path.
    pub(crate) fn path(&self, long: &str) -> Option<PathBuf> {
        self.all(long).next().map(PathBuf::from)
    }

    /// Returns the value of a flag as text; empty when it was not given.
    pub(crate) fn text(&self, long: &str) -> Result<String, Failure> {
        Ok(self.read(long, "UTF-8 text", |text| Some(text.to_owned()))?.unwrap_or_default())
    }

    /// Returns what `read` makes of the value of a flag; `expected` says what it takes.
    pub(crate) fn read<T>(
        &self,
        long: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.all(long).next() else { return Ok(None) };
        match value.to_str().and_then(read) {
            Some(read) => Ok(Some(read)),
            None => {
                Err(self
                    .usage(format!("`{}` is no value of `--{long}`, expected {expected}", value.display())))
            }
        }
    }

    /// Returns the operand `operand_idx`.
    pub(crate) fn operand(&self, operand_idx: usize) -> Option<&OsStr> {
        self.operands.get(operand_idx).map(OsString::as_os_str)
    }

    /// Returns the failure of wrong usage of this verb.
    pub(crate) fn usage(&self, message: String) -> Failure {
        usage(self.verb, message)
    }
}

fn usage(verb: &Verb, message: String) -> Failure {
    Failure::Usage { message, verb: verb.name }
}

fn unknown_flag(verb: &Verb, long: &str) -> Failure {
    let known = verb.flags.iter().map(|flag| flag.long).chain(["help"]);
    let meant = nearest(long, known).map(|meant| format!(", did you mean `--{meant}`?")).unwrap_or_default();
    usage(verb, format!("unknown option `--{long}`{meant}"))
}

/// Returns the failure of a first word that is no verb.
pub(crate) fn unknown_verb(word: &OsStr, verbs: &[&Verb]) -> Failure {
    let message = if word.is_empty() {
        let names: Vec<String> = verbs.iter().map(|verb| format!("`{}`", verb.name)).collect();
        format!("a verb is missing, expected {}", names.join(", "))
    } else {
        let word = word.to_string_lossy();
        let meant = nearest(&word, verbs.iter().map(|verb| verb.name));
        let meant = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
        format!("unknown verb `{word}`{meant}")
    };
    Failure::Usage { message, verb: "" }
}

/// Returns the help of a verb.
pub(crate) fn help(verb: &Verb) -> String {
    let Verb { name, about, usage, flags, examples, .. } = verb;
    let mut out = format!("{about}\n\nusage: zellige {name} {usage}\n\noptions:\n");
    for flag in *flags {
        push_flag(&mut out, flag);
    }
    push_flag(&mut out, &Flag { short: Some('h'), ..Flag::switch("help", "shows this text") });
    out.push_str("\nexamples:\n");
    for (command, deed) in *examples {
        put(&mut out, format_args!("  {command}\n      {deed}\n"));
    }
    out
}

fn push_flag(out: &mut String, flag: &Flag) {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let value = flag.value.map(|value| format!(" {value}")).unwrap_or_default();
    let head = format!("  {short}--{}{value}", flag.long);
    // A head that leaves no gap stands on a line of its own.
    let first = if head.len() + 2 <= HELP_COLUMN { "" } else { "\n" };
    let pad = if first.is_empty() { HELP_COLUMN - head.len() } else { HELP_COLUMN };
    put(out, format_args!("{head}{first}{}", " ".repeat(pad)));
    for (line_idx, line) in flag.help.lines().enumerate() {
        let pad = if line_idx == 0 { 0 } else { HELP_COLUMN };
        put(out, format_args!("{}{line}\n", " ".repeat(pad)));
    }
}

/// Returns the help of the program.
pub(crate) fn overview(verbs: &[&Verb]) -> String {
    let mut out = "Vector tilesets from your own data, by recipe, on your own machine.\n\n\
                   usage: zellige VERB …\n\nverbs:\n"
        .to_owned();
    for verb in verbs {
        put(&mut out, format_args!("  {:<9} {}\n", verb.name, verb.about));
    }
    out.push_str(
        "\n`zellige VERB --help` tells more about a verb, with examples.\n\n\
         exit codes: 0 done, 1 failed, 2 wrong usage, or a recipe, region or style with problems\n",
    );
    out
}

/// Returns the word of `known` nearest to `word`, when one is near enough to be meant.
fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.is_empty() || WORD_BYTES_MAX < word.len() {
        return None;
    }
    let edits_max = 1 + word.chars().count() / 4;
    let near = known.into_iter().map(|known| (edits(word, known), known));
    near.filter(|(edits, _)| *edits <= edits_max).min_by_key(|(edits, _)| *edits).map(|(_, known)| known)
}

/// Counts insertions, deletions and replacements (Levenshtein); letters added at the end count as one.
fn edits(word: &str, known: &str) -> usize {
    if 3 <= word.len() && known.starts_with(word) {
        return usize::from(word != known);
    }
    let known: Vec<char> = known.chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (i, a) in word.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in known.iter().enumerate() {
            let best = (diagonal + usize::from(a != *b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[known.len()]
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERB: Verb = Verb {
        name: "bake",
        about: "Bakes bread.",
        usage: "FLOUR [WATER]",
        operands: &["FLOUR"],
        n_more: 1,
        flags: &[
            Flag { short: Some('o'), ..Flag::value("output", "LOAF", "where it goes") },
            Flag { times: Times::Many, ..Flag::value("spice", "NAME", "what is in it;\nmay be repeated") },
            Flag::switch("force", "bakes at any rate"),
        ],
        examples: &[("zellige bake rye", "bakes rye bread")],
    };

    /// Compares what was given, flag by flag and then the operands, or the message.
    fn check(words: &[&str], expected: &str) {
        let found = match parse(&VERB, words.iter().map(OsString::from).collect()) {
            Ok(Asked::Help) => "help".to_owned(),
            Ok(Asked::Run(given)) => {
                let flags = given.flags.iter().map(|(long, value)| format!("{long}={}", value.display()));
                let operands = given.operands.iter().map(|operand| operand.display().to_string());
                flags.chain(operands).collect::<Vec<_>>().join(" ")
            }
            Err(Failure::Usage { message, verb }) => {
                assert_eq!(verb, "bake");
                message
            }
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{words:?}");
    }

    #[test]
    fn values_stand_behind_or_beside_their_flag() {
        check(&["rye", "--output", "a", "--spice=b", "--spice", "c"], "output=a spice=b spice=c rye");
        check(&["-o", "a", "rye", "--force"], "output=a force= rye");
        check(&["-oa", "-"], "output=a -");
        check(&["--", "--force"], "--force");
        check(&["--output=a=b", "rye", "water"], "output=a=b rye water");
    }

    #[test]
    fn help_wins_over_everything_behind_it() {
        check(&["--help", "--nonsense"], "help");
        check(&["-h"], "help");
    }

    #[test]
    fn wrong_words_are_named() {
        check(&["rye", "--outptu=a"], "unknown option `--outptu`, did you mean `--output`?");
        check(&["rye", "--out", "a"], "unknown option `--out`, did you mean `--output`?");
        check(&["rye", "--yeast"], "unknown option `--yeast`");
        check(&["rye", "-x"], "unknown option `-x`");
        check(&["--force"], "FLOUR is missing");
        check(&["a", "b", "c"], "unexpected argument `c`");
        check(&["rye", "--force", "--force"], "`--force` is given twice");
        check(&["rye", "--output"], "`--output` needs a value");
        check(&["rye", "--output", "--force"], "`--output` needs a value");
        check(&["rye", "--force=yes"], "unexpected argument for option '--force': \"yes\"");
    }

    #[test]
    fn help_lists_flags_and_examples() {
        let expected = "\
Bakes bread.

usage: zellige bake FLOUR [WATER]

options:
  -o, --output LOAF           where it goes
      --spice NAME            what is in it;
                              may be repeated
      --force                 bakes at any rate
  -h, --help                  shows this text

examples:
  zellige bake rye
      bakes rye bread
";
        assert_eq!(help(&VERB), expected);
    }
}
