//! What a user typed and this program does not know.
//!
//! In:     a word, and those that are known.
//! Out:    the error of wrong usage, with the word that was probably meant.

use std::fmt;

/// Wrong usage: the program ends with code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Refuses arguments of a verb that takes none.
pub(crate) fn none(verb: &str, arguments: &[String]) -> anyhow::Result<()> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => Err(Usage(format!("`{verb}` takes no argument `{argument}`")).into()),
    }
}

/// Returns the refusal of a word that is none of `known`.
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> anyhow::Error {
    Usage(format!("unknown {what} `{word}`{}; see `cargo xtask help`", did_you_mean(word, known))).into()
}

/// Returns `, did you mean …?` when a known word is near enough, otherwise what is known.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|known| (edits(word, known), known)).min();
    match nearest {
        Some((cost, known)) if cost <= 1 + word.chars().count() / 4 => format!(", did you mean `{known}`?"),
        Some(_) => format!(", known are `{}`", known.join("`, `")),
        None => String::new(),
    }
}

/// Counts insertions, deletions and replacements between two words (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: &str) {
        assert_eq!(did_you_mean(word, &["recipe", "sources", "output"]), expected);
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_get_the_list() {
        check("source", ", did you mean `sources`?");
        check("reciep", ", did you mean `recipe`?");
        check("zoom", ", known are `recipe`, `sources`, `output`");
    }

    #[test]
    fn distance_counts_single_letters() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
    }
}
