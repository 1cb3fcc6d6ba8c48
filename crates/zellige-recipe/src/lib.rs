//! Recipe JSON to a checked [`Plan`].
//!
//! A recipe is what a person writes; a plan is what it means once checked, with every default filled in.
//! Between the two stand all problems at once, each with its place in the file.
//!
//! ```
//! use zellige_recipe::{Options, check, render_problem};
//!
//! let text = br#"{"version": 1, "layers": {"parks": {
//!   "source": "mapbox://tileset-source/acme/parks", "minzoom": 0, "maxzom": 5}}}"#;
//! let checked = check(text, &Options::default());
//! assert_eq!(
//!     checked.wire_messages(),
//!     ["layers.parks.maxzoom is required.", "layers.parks has an unknown key \"maxzom\"."],
//! );
//! let shown = render_problem(text, &checked.problems[1]);
//! assert!(shown.contains("at line 2, column 65: /layers/parks/maxzom"));
//! assert!(shown.ends_with("did you mean \"maxzoom\"?\n"));
//! ```

use std::fmt::Write as _;

use zellige_model::Zoom;

pub mod raw;
pub mod expression;
pub mod recipe;
pub mod problem;
pub mod plan;
pub mod error;
mod suggest;
mod check;
mod lint;
mod resolve;

pub use check::{Attribution, Envelope, LAYERS_MAX};
pub use error::SyntaxError;
pub use plan::{LayerPlan, Output, Plan, ZoomPlan};
pub use problem::{Lint, LintCode, Problem, line_column, render_lint, render_problem};
pub use recipe::Recipe;
pub use resolve::clamp_tolerance;
pub use suggest::did_you_mean;

/// The highest zoom that recipes may ask for unless the caller raises it.
pub const ZOOM_LIMIT: Zoom = match Zoom::new(16) {
    Some(zoom) => zoom,
    None => Zoom::MAX,
};

/// What the check takes for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which sources exist.
    pub sources: Sources,
    /// The account that all sources must belong to, if any.
    pub account: Option<String>,
    /// The highest zoom that a recipe may ask for.
    pub zoom_limit: Zoom,
    /// Whether operators that the recipe reference does not list are unknown (recipe 3.4).
    pub strict: bool,
}

/// The sources that a recipe may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// Any; whether they exist is found out later.
    Any,
    /// These, each as the full `mapbox://tileset-source/user/id` or as its last part.
    Known(Vec<String>),
}

impl Default for Options {
    fn default() -> Self {
        Self { sources: Sources::Any, account: None, zoom_limit: ZOOM_LIMIT, strict: false }
    }
}

/// What the check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Why the recipe is invalid; all reasons at once, in the order of recipe 1.3.
    pub problems: Vec<Problem>,
    /// What is odd about it, in document order.
    pub lints: Vec<Lint>,
    /// What the recipe says; there when it is valid.
    pub recipe: Option<Recipe>,
    /// What is to be done; there when the recipe is valid.
    pub plan: Option<Plan>,
    /// What stood beside the recipe in the body that creates a tileset.
    pub envelope: Option<Envelope>,
}

impl Checked {
    /// Whether the recipe is valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the texts of the wire in order; an invalid expression gives two.
    #[must_use]
    pub fn wire_messages(&self) -> Vec<&str> {
        self.problems.iter().flat_map(Problem::wire_messages).collect()
    }
}

/// Checks a recipe, or a body `{"recipe": …, "name": …}` that creates a tileset.
#[must_use]
pub fn check(text: &[u8], options: &Options) -> Checked {
    let document = match raw::parse(text) {
        Ok(document) => document,
        Err(error) => return refused(text, &error),
    };
    let root = document.root();
    let found = check::check(&document, options);
    let lints = lint::lint(&document, found.recipe.as_ref());
    let recipe = found.recipe.filter(|_| found.problems.is_empty());
    let written = if found.envelope.is_some() { root.member("recipe") } else { Some(root) };
    let resolved =
        recipe.as_ref().zip(written).map(|(recipe, written)| resolve::resolve(&document, written, recipe));
    let mut problems = found.problems;
    let plan = match resolved {
        Some(Ok(plan)) => Some(plan),
        Some(Err(faults)) => {
            problems.extend(faults);
            None
        }
        None => None,
    };
    Checked { problems, lints, recipe: recipe.filter(|_| plan.is_some()), plan, envelope: found.envelope }
}

/// Returns the one problem of a text that is not JSON.
fn refused(text: &[u8], error: &SyntaxError) -> Checked {
    let SyntaxError { reason, offset, hint } = *error;
    let (line, column) = line_column(text, offset);
    let mut message = format!("Recipe is not valid JSON: {reason}");
    // Writing to a string cannot fail.
    let _ = write!(message, " at line {line}, column {column}.");
    let rest = String::from_utf8_lossy(&text[offset..text.len().min(offset + 8)]);
    let first = rest.chars().next();
    let problem = Problem {
        message,
        reason: None,
        pointer: String::new(),
        span: offset..offset + first.map_or(0, char::len_utf8).min(text.len() - offset),
        found: first.map_or("the end of the file".to_owned(), |char| format!("`{char}`")),
        expected: "a JSON text (RFC 8259)".to_owned(),
        hint: hint.map(str::to_owned),
    };
    Checked { problems: vec![problem], lints: Vec::new(), recipe: None, plan: None, envelope: None }
}
