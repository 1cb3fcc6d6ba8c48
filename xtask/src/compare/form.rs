//! The forms in which results are told: for the screen, for a page, for programs.
//!
//! In:     a head and rows, and the same as objects; what runs took.
//! Out:    a text; the median of the runs, or all of them as JSON.

use serde_json::Value;

use crate::measure::Measured;
use crate::spread::Spread;
use crate::table;

/// Bytes of the unit in which sizes are told.
pub(super) const MEGABYTE: f64 = 1e6;

/// How results are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Screen,
    Markdown,
    Json,
}

impl Form {
    /// Returns rows below their head, or a list of objects, one a row.
    pub(super) fn told(
        self,
        head: &[&str],
        rows: &[Vec<String>],
        objects: impl Iterator<Item = Value>,
    ) -> String {
        let head: Vec<String> = head.iter().copied().map(str::to_owned).collect();
        match self {
            Self::Screen => table::align(&head, rows),
            Self::Markdown => table::markdown(&head, rows),
            Self::Json => format!("{:#}\n", objects.collect::<Value>()),
        }
    }
}

/// Returns the median of what runs took of one thing; not a number when there is no run.
pub(super) fn median(runs: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    Spread::of(runs.iter().map(of)).map_or(f64::NAN, |spread| spread.median)
}

/// Returns all runs as a list of objects.
pub(super) fn runs_json(runs: &[Measured]) -> Value {
    runs.iter().map(|run| run.to_json()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(form: Form, expected: &str) {
        let rows = [vec!["roads".to_owned(), "1.5".to_owned()]];
        let objects = [json!({"input": "roads"})];
        assert_eq!(form.told(&["input", "s"], &rows, objects.into_iter()), expected);
    }

    #[test]
    fn results_have_three_forms() {
        check(Form::Screen, "  input    s\n  roads  1.5\n");
        check(Form::Markdown, "| input | s |\n| --- | ---: |\n| roads | 1.5 |\n");
        check(Form::Json, "[\n  {\n    \"input\": \"roads\"\n  }\n]\n");
    }

    #[test]
    fn median_of_no_run_is_no_number() {
        let run =
            |wall_seconds| Measured { wall_seconds, user_seconds: 0.0, system_seconds: 0.0, peak_bytes: 0 };
        assert!((median(&[run(3.0), run(1.0), run(2.0)], |run| run.wall_seconds) - 2.0).abs() < f64::EPSILON);
        assert!(median(&[], |run| run.wall_seconds).is_nan());
    }
}
