//! The known name that a misspelt one was meant to be.

/// How long a misspelt name may be to be compared at all, bytes.
const NAME_BYTES_MAX: usize = 64;

/// Returns the name of `known` nearest to `name`, when one is near enough to be meant.
#[must_use]
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.is_empty() || NAME_BYTES_MAX < name.len() {
        return None;
    }
    let edits_max = 1 + name.chars().count() / 4;
    known
        .into_iter()
        .map(|candidate| (cost(name, candidate), candidate))
        .filter(|(cost, _)| *cost <= edits_max)
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, candidate)| candidate)
}

/// Returns the hint that names the nearest known name.
#[must_use]
pub(crate) fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    nearest(name, known).map(|meant| format!("did you mean \"{meant}\"?"))
}

/// Returns the edits between two names; a long common beginning counts as a single edit, so that `simplify`
/// finds `simplification`.
fn cost(name: &str, candidate: &str) -> usize {
    let (name, candidate) = (name.to_lowercase(), candidate.to_lowercase());
    let common = name.chars().zip(candidate.chars()).take_while(|(a, b)| a == b).count();
    if 4 <= common && name.chars().count() <= common + 1 { 1 } else { edits(&name, &candidate) }
}

/// Counts insertions, deletions, replacements and swaps of neighbours (restricted Damerau–Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
