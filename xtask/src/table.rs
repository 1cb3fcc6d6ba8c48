//! Lays out tables: aligned for the screen, or as Markdown for a page.
//!
//! In:     a head and rows, with as many cells each.
//! Out:    lines; the first column to the left, the others to the right.

use std::fmt::Write as _;

/// Returns head and rows with columns as wide as their widest cell.
pub(crate) fn align(head: &[String], rows: &[Vec<String>]) -> String {
    let lines = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for line in lines() {
        let mut cells = line.iter().zip(&widths);
        // Writing to a string cannot fail.
        if let Some((first, width)) = cells.next() {
            let _ = write!(out, "  {first:<width$}");
        }
        for (cell, width) in cells {
            let _ = write!(out, "  {cell:>width$}");
        }
        out.push('\n');
    }
    out
}

/// Returns head and rows as a table of Markdown.
#[cfg(feature = "engine")]
pub(crate) fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let marks: Vec<String> =
        (0..head.len()).map(|column| if column == 0 { "---" } else { "---:" }.to_owned()).collect();
    let rows = rows.iter().map(|row| line(row)).collect::<String>();
    format!("{}{}{rows}", line(head), line(&marks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: impl Fn(&[String], &[Vec<String>]) -> String, expected: &str) {
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(table(&cells(["input", "s"]), &[cells(["roads", "1.5"]), cells(["a", "12.0"])]), expected);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        check(align, "  input     s\n  roads   1.5\n  a      12.0\n");
    }

    #[cfg(feature = "engine")]
    #[test]
    fn pages_take_tables_of_markdown() {
        check(markdown, "| input | s |\n| --- | ---: |\n| roads | 1.5 |\n| a | 12.0 |\n");
    }
}
