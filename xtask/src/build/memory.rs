//! Sizes of memory as people write them, here and on the command line of the engine.

/// Bytes that a job may be given: 1 PiB.
const BYTES_MAX: u64 = 1 << 50;

/// Returns the bytes that a text such as `512MiB`, `4 GiB` or `2G` means; every unit is a power of 1024.
pub(super) fn parse(text: &str) -> Option<u64> {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(n_digits);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    (1..=BYTES_MAX).contains(&bytes).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn size_is_a_whole_number_with_a_unit() {
        check("512MiB", Some(512 << 20));
        check("4 GiB", Some(4 << 30));
        check("2g", Some(2 << 30));
        check("4096", Some(4096));
        check("1.5GiB", None);
        check("-1GiB", None);
        check("0", None);
        check("9999999T", None);
        check("much", None);
    }
}
