//! Sizes of memory as people write them.

/// Returns the bytes that a text such as `512MiB`, `4GiB` or `1.5 GiB` means.
pub(super) fn parse(text: &str) -> Option<u64> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let (number, shift) = units.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))?;
    let number: f64 = number.trim().parse().ok()?;
    let bytes = number * (1_u64 << shift) as f64;
    (1.0 <= bytes && bytes <= (1_u64 << 50) as f64).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn size_has_a_unit() {
        check("512MiB", Some(512 << 20));
        check("1.5 GiB", Some(3 << 29));
        check("4GB", None);
        check("4096", None);
        check("-1GiB", None);
        check("NaN GiB", None);
        check("1e9TiB", None);
    }
}
