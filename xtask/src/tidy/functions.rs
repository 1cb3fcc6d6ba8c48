//! Measures functions.
//!
//! In:     a source file as rustfmt writes it.
//! Out:    every function with its lines, first and last included; those of the tests at its foot left out.
//! Keeps:  the order of the file.

/// A function and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Path and line.
    pub(super) place: String,
    pub(super) lines: usize,
}

/// Returns the functions of a file. The last line of one is the brace that stands as far in as its first.
pub(super) fn find(path: &str, text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().take_while(|line| *line != "#[cfg(test)]").collect();
    let mut found = Vec::new();
    for (idx, line) in lines.iter().enumerate() {
        let Some(name) = name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let is_end = |line: &&str| line.strip_prefix(indent) == Some("}");
        // The body begins on this line or, after a long list of arguments, on a later one.
        let n_lines = if line.ends_with('}') || line.ends_with(';') {
            1
        } else {
            lines[idx..].iter().position(is_end).map_or(1, |last| last + 1)
        };
        found.push(Function { name: name.to_owned(), place: format!("{path}:{}", idx + 1), lines: n_lines });
    }
    found
}

/// Returns the name of the function that begins on this line.
fn name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_head = before.split_whitespace().all(|word| {
        word.starts_with("pub")
            || word.starts_with("in")
            || ["const", "async", "unsafe", "extern"].contains(&word)
    });
    let end = after.find(['(', '<'])?;
    is_head.then(|| &after[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, usize)]) {
        let found = find("a.rs", text);
        let found: Vec<(&str, usize)> = found.iter().map(|found| (&*found.name, found.lines)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn functions_are_measured_from_head_to_brace() {
        check(
            "fn short() {}\n\npub(crate) const fn long(\n    a: u8,\n) -> u8 {\n    a\n}\n",
            &[("short", 1), ("long", 5)],
        );
    }

    #[test]
    fn methods_end_at_their_own_brace() {
        check("impl A {\n    fn a(&self) {\n        if b {\n        }\n    }\n}\n", &[("a", 4)]);
    }

    #[test]
    fn text_and_tests_are_no_functions() {
        check("/// A fn (of sorts).\nlet a = b.fn ();\n#[cfg(test)]\nmod tests {\n    fn a() {}\n}\n", &[]);
    }
}
