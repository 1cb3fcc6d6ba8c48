//! The known name that a misspelt one was meant to be.

/// How long a misspelt name may be to be compared at all, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Returns the name of `known` nearest to `name`, when one is near enough to be meant.
#[must_use]
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.is_empty() || NAME_BYTES_MAX < name.len() {
        return None;
    }
    let mut comparison = Comparison::with(name);
    let near = known.into_iter().filter_map(|candidate| Some((comparison.cost(candidate)?, candidate)));
    near.min_by_key(|(cost, _)| *cost).map(|(_, candidate)| candidate)
}

/// Returns the hint that names the known name nearest to `name`, when one is near enough to be meant.
#[must_use]
pub fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    nearest(name, known).map(|meant| format!("did you mean \"{meant}\"?"))
}

/// One name against many; its buffers serve all of them.
#[derive(Debug, Default)]
struct Comparison {
    name: Vec<char>,
    candidate: Vec<char>,
    rows: [Vec<usize>; 3],
}

impl Comparison {
    fn with(name: &str) -> Self {
        Self { name: name.chars().flat_map(char::to_lowercase).collect(), ..Self::default() }
    }

    /// Returns the edits between the two names, if they are few enough; a long common beginning counts as a
    /// single edit, so that `simplify` finds `simplification`.
    fn cost(&mut self, candidate: &str) -> Option<usize> {
        self.candidate.clear();
        self.candidate.extend(candidate.chars().flat_map(char::to_lowercase));
        let Self { name, candidate, .. } = self;
        let common = name.iter().zip(candidate.iter()).take_while(|(a, b)| a == b).count();
        if 4 <= common && name.len() <= common + 1 {
            return Some(1);
        }
        let edits_max = 1 + name.len() / 4;
        // Each letter that one name has more than the other is an edit.
        if edits_max < name.len().abs_diff(candidate.len()) {
            return None;
        }
        Some(self.edits()).filter(|edits| *edits <= edits_max)
    }

    /// Counts insertions, deletions, replacements and swaps of neighbours (restricted Damerau–Levenshtein).
    fn edits(&mut self) -> usize {
        let Self { name: a, candidate: b, rows: [before_last, last, row] } = self;
        before_last.clear();
        before_last.resize(b.len() + 1, 0);
        last.clear();
        last.extend(0..=b.len());
        for i in 1..=a.len() {
            row.clear();
            row.push(i);
            for j in 1..=b.len() {
                let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
                if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(before_last[j - 2] + 1);
                }
                row.push(best);
            }
            std::mem::swap(before_last, last);
            std::mem::swap(last, row);
        }
        last[b.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        let known = ["source", "minzoom", "maxzoom", "features", "tiles", "simplification", "id"];
        assert_eq!(nearest(name, known), expected, "{name}");
    }

    #[test]
    fn near_names_are_found() {
        check("feature", Some("features"));
        check("minZoom", Some("minzoom"));
        check("maxzom", Some("maxzoom"));
        check("sorce", Some("source"));
        check("tlies", Some("tiles"));
        check("simplify", Some("simplification"));
    }

    #[test]
    fn far_names_are_not() {
        check("potato", None);
        check("", None);
        check("color", None);
        check(&"tiles".repeat(20), None);
    }
}
