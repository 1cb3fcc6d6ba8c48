//! Runs every recipe of `testdata/recipe/valid` and `testdata/recipe/bad`; the formats are in its README.

use std::fs;
use std::path::{Path, PathBuf};

use zellige_recipe::{Options, Sources, check, render_lint, render_problem};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/recipe").join(name)
}

/// Returns the JSON files of a folder in the order of their names.
fn recipes(name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder(name)).expect("a folder of the repository");
    let files = files.map(|entry| entry.expect("an entry of the folder").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ext| ext == "json")).collect();
    files.sort();
    files
}

/// Reads the `.options` file beside a recipe: one option a line.
fn options(recipe: &Path) -> Options {
    let mut options = Options::default();
    let text = fs::read_to_string(recipe.with_extension("options")).unwrap_or_default();
    for line in text.lines() {
        match line.split_once('=').unwrap_or((line, "")) {
            ("account", account) => options.account = Some(account.to_owned()),
            ("nosources", _) => options.sources = Sources::Known(Vec::new()),
            ("strict", _) => options.strict = true,
            _ => panic!("{}: unknown option `{line}`", recipe.display()),
        }
    }
    options
}

#[test]
fn valid_recipes_have_no_problem() {
    let recipes = recipes("valid");
    assert!(recipes.len() >= 24);
    for path in recipes {
        let text = fs::read(&path).unwrap();
        let checked = check(&text, &options(&path));
        assert_eq!(checked.wire_messages(), Vec::<&str>::new(), "{}", path.display());
        assert!(checked.recipe.is_some(), "{}", path.display());
        assert!(checked.plan.is_some(), "{}", path.display());
        for lint in &checked.lints {
            assert!(!render_lint(&text, lint).is_empty());
        }
    }
}

#[test]
fn bad_recipes_have_exactly_their_problems() {
    let recipes = recipes("bad");
    assert!(recipes.len() >= 46);
    for path in recipes {
        let text = fs::read(&path).unwrap();
        let checked = check(&text, &options(&path));
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap();
        assert_eq!(checked.wire_messages().join("\n") + "\n", expected, "{}", path.display());
        assert!(checked.recipe.is_none() && checked.plan.is_none(), "{}", path.display());
        for problem in &checked.problems {
            let shown = render_problem(&text, problem);
            assert!(problem.span.end <= text.len() && shown.contains('^'), "{}", path.display());
            assert!(!problem.found.is_empty() && !problem.expected.is_empty(), "{shown}");
        }
    }
}

#[test]
fn recipes_of_jobs_are_valid() {
    let jobs = recipes("job");
    assert!(jobs.len() >= 17);
    for path in jobs {
        let job: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let recipe = job["recipe"].to_string();
        let checked = check(recipe.as_bytes(), &Options::default());
        assert_eq!(checked.wire_messages(), Vec::<&str>::new(), "{}", path.display());
    }
}
