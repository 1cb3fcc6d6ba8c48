//! Whole jobs: a folder of `testdata/case` holds a source, a recipe, and what comes out, as text.
//!
//! `cargo xtask bless` writes what comes out now; read the difference before you keep it.

use std::fmt::Write as _;

use crate::common::{publish, settings, testdata};

#[test]
fn tiles_and_report_are_those_of_the_case() {
    let is_blessing = std::env::var_os("ZELLIGE_BLESS").is_some();
    let mut cases: Vec<_> =
        std::fs::read_dir(testdata().join("case")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(!cases.is_empty());
    for folder in cases {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let (recipe, source) = (read("recipe.json"), read("source.geojsonl"));
        let first = publish(&recipe, &source, &settings(1, 1 << 30)).unwrap();
        for (threads, memory_bytes) in [(2, 1 << 30), (8, 1 << 30), (3, 0)] {
            let again = publish(&recipe, &source, &settings(threads, memory_bytes)).unwrap();
            assert_eq!(again.bytes, first.bytes, "{}: {threads} threads", folder.display());
        }
        let mut shown = first.text;
        for warning in &first.report.warnings {
            let _ = writeln!(shown, "warning {warning}");
        }
        for finding in &first.report.findings {
            let _ = writeln!(shown, "finding {} {}", finding.code, finding.count);
        }
        if is_blessing {
            std::fs::write(folder.join("expected.txt"), &shown).unwrap();
        }
        assert_eq!(shown, read("expected.txt"), "{}", folder.display());
    }
}
