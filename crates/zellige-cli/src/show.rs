//! Numbers and tables for people.
//!
//! In:     cells as text.
//! Out:    lines with aligned columns: words to the left, numbers to the right.
//! Keeps:  the order of rows and columns.
//! Source: –

use std::fmt;
use std::io::Write as _;

use anyhow::Context;

use crate::exit::Failure;

/// Writes to standard output; a reader that went away is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::NobodyReads),
        written => Ok(written.context("cannot write to standard output")?),
    }
}

/// Returns `text` without what would move the cursor of a terminal, cut at `chars_max` characters.
pub(crate) fn printable(text: &str, chars_max: usize) -> String {
    let mut letters = text.chars();
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut out: String = letters.by_ref().take(chars_max).map(plain).collect();
    if letters.next().is_some() {
        out.push('…');
    }
    out
}

/// Returns a count with the word that suits it.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// Appends formatted text.
pub(crate) fn put(out: &mut String, text: fmt::Arguments<'_>) {
    fmt::Write::write_fmt(out, text).expect("writing to a string does not fail");
}

/// Characters of a line of a paragraph.
const PARAGRAPH_CHARS: usize = 100;
/// The column at which the lines of a paragraph begin.
const PARAGRAPH_INDENT: usize = 11;

/// Returns `words` with commas between them, in lines behind `label`; nothing when there are none.
pub(crate) fn paragraph(label: &str, words: &[String]) -> String {
    let mut out = String::new();
    let mut line = format!("  {label:<width$}", width = PARAGRAPH_INDENT - 2);
    for (idx, word) in words.iter().enumerate() {
        let comma = if idx + 1 < words.len() { "," } else { "" };
        let is_full = line.chars().count() + 1 + word.chars().count() > PARAGRAPH_CHARS;
        if is_full && idx > 0 {
            put(&mut out, format_args!("{line}\n"));
            line = " ".repeat(PARAGRAPH_INDENT);
        } else if idx > 0 {
            line.push(' ');
        }
        line.push_str(word);
        line.push_str(comma);
    }
    if !words.is_empty() {
        put(&mut out, format_args!("{line}\n"));
    }
    out
}

/// Spaces between two columns.
const GAP: usize = 2;

/// To which side the cells of a column go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table with a header, made row by row and shown by [`fmt::Display`].
///
/// Widths are counted in characters.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    aligns: Vec<Align>,
    header: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    Cells(Vec<String>),
    Rule,
}

impl Table {
    /// Returns an empty table with these columns.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let (header, aligns) = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).unzip();
        Self { aligns, header, rows: Vec::new() }
    }

    /// Appends a row; cells that are missing stay empty, and there are no more than columns.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        debug_assert!(cells.len() <= self.aligns.len(), "more cells than columns");
        cells.resize(self.aligns.len(), String::new());
        self.rows.push(Row::Cells(cells));
    }

    /// Appends a line across, such as before a row of sums.
    pub(crate) fn rule(&mut self) {
        self.rows.push(Row::Rule);
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|cell| cell.chars().count()).collect();
        for row in &self.rows {
            let Row::Cells(cells) = row else { continue };
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (idx, (cell, width)) in cells.iter().zip(widths).enumerate() {
            if idx > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let space = " ".repeat(width - cell.chars().count());
            let (before, after) = match self.aligns[idx] {
                Align::Left => (cell, &space),
                Align::Right => (&space, cell),
            };
            line.push_str(before);
            line.push_str(after);
        }
        line.truncate(line.trim_end().len());
        line
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let rule = "-".repeat(total);
        writeln!(f, "{}\n{rule}", self.line(&self.header, &widths))?;
        for row in &self.rows {
            match row {
                Row::Cells(cells) => writeln!(f, "{}", self.line(cells, &widths))?,
                Row::Rule => writeln!(f, "{rule}")?,
            }
        }
        Ok(())
    }
}

/// Returns `number` with commas between its thousands, such as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a size with three digits or a little more, such as `512 B`, `1.50 KiB`, `12.3 MiB`, `123 GiB`.
pub(crate) fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if size < 1024 {
        return format!("{size} B");
    }
    let mut value = size as f64 / 1024.0;
    let mut unit_idx = 0;
    // From here on a value would be shown as 1024 of its unit.
    while value >= 1023.5 && unit_idx + 1 < UNITS.len() {
        value /= 1024.0;
        unit_idx += 1;
    }
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {}", UNITS[unit_idx])
}

/// Returns a time span, such as `35 ms`, `1.25 s`, `12.5 s`, `2 min 05 s`, `1 h 02 min`.
pub(crate) fn span(span: std::time::Duration) -> String {
    let seconds = span.as_secs_f64();
    if seconds < 0.9995 {
        return format!("{:.0} ms", seconds * 1e3);
    }
    if seconds < 9.995 {
        return format!("{seconds:.2} s");
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&[("layer", Align::Left), ("tiles", Align::Right), ("note", Align::Left)]);
        table.row(["straßen".to_owned(), grouped(1_234_567)]);
        table.row(["water", "5", "full"].map(String::from));
        table.rule();
        table.row(["", "1,234,572"].map(String::from));
        let expected = "\
layer        tiles  note
------------------------
straßen  1,234,567
water            5  full
------------------------
         1,234,572
";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn paragraphs_are_broken_between_words() {
        let words: Vec<String> = ["a".repeat(80), "b".repeat(20), "c".to_owned()].into();
        let expected = format!("  String   {},\n           {}, c\n", words[0], words[1]);
        assert_eq!(paragraph("String", &words), expected);
        assert_eq!(paragraph("String", &[]), "");
    }

    #[test]
    fn controls_are_blanked_and_long_texts_cut() {
        assert_eq!(printable("a\u{1b}[31mb", 100), "a [31mb");
        assert_eq!(printable("ääää", 2), "ää…");
        assert_eq!(printable("ää", 2), "ää");
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (123_456, "123,456"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn sizes_have_the_unit_that_suits() {
        for (size, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (512_000, "500 KiB"),
            (10_234, "9.99 KiB"),
            (10_235, "10.0 KiB"),
            (1_048_575, "1.00 MiB"),
            (12_900_000, "12.3 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(size), expected, "{size}");
        }
    }

    #[test]
    fn spans_have_the_unit_that_suits() {
        for (ms, expected) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.00 s"),
            (12_340, "12.3 s"),
            (59_960, "1 min 00 s"),
            (125_000, "2 min 05 s"),
            (3_725_000, "1 h 02 min"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), expected, "{ms}");
        }
    }
}
