//! The body with which a tileset is created: a recipe and what TileJSON says about it.

use super::{Checker, quoted};
use crate::raw::Value;
use crate::recipe::Recipe;

/// How many characters the name of a tileset may have (recipe 1.1).
const NAME_CHARS_MAX: usize = 64;
/// How many characters its description may have.
const DESCRIPTION_CHARS_MAX: usize = 500;
/// How many sources it may credit.
const ATTRIBUTION_MAX: usize = 3;
/// How many characters the texts of all credits may have together.
const ATTRIBUTION_TEXT_CHARS_MAX: usize = 80;
/// How many characters the links of all credits may have together.
const ATTRIBUTION_LINK_CHARS_MAX: usize = 1_000;

const ENVELOPE_KEYS: &[&str] = &["recipe", "name", "description", "private", "attribution"];

/// What stands beside the recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `private`.
    pub private: Option<bool>,
    /// `attribution`.
    pub attribution: Vec<Attribution>,
}

/// A credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// What is shown.
    pub text: String,
    /// Where it leads; may be empty.
    pub link: String,
}

impl Checker<'_> {
    pub(super) fn envelope(&mut self, root: Value<'_, '_>) -> (Option<Recipe>, Envelope) {
        self.require(root, "name", "");
        let (mut recipe, mut envelope) = (None, Envelope::default());
        for member in root.members() {
            let value = member.value;
            match member.key {
                "recipe" => recipe = self.recipe(value),
                "name" => envelope.name = self.text(value, "name", NAME_CHARS_MAX),
                "description" => {
                    envelope.description = self.text(value, "description", DESCRIPTION_CHARS_MAX);
                }
                "private" => envelope.private = self.boolean(value, "private"),
                "attribution" => envelope.attribution = self.attribution(value),
                key => {
                    let message = format!("Unknown top-level key {}.", quoted(key));
                    self.unknown(value, message, key, ENVELOPE_KEYS);
                }
            }
        }
        (recipe, envelope)
    }

    fn text(&mut self, value: Value<'_, '_>, path: &str, chars_max: usize) -> Option<String> {
        let expected = format!("a string of at most {chars_max} characters");
        let Some(text) = value.as_str() else {
            self.report(value, format!("{path} must be a string."), &expected);
            return None;
        };
        let count = text.chars().count();
        if chars_max < count {
            let message = format!("{path} cannot be longer than {chars_max} characters.");
            self.report(value, message, &expected).found = format!("{count} characters");
            return None;
        }
        Some(text.to_owned())
    }

    fn attribution(&mut self, value: Value<'_, '_>) -> Vec<Attribution> {
        let expected = "at most 3 objects {\"text\": …, \"link\": …}";
        if !value.is_array() || ATTRIBUTION_MAX < value.items().count() {
            let message = format!("attribution must be an array of at most {ATTRIBUTION_MAX} objects.");
            self.report(value, message, expected);
            return Vec::new();
        }
        let mut credits = Vec::new();
        for (idx, item) in value.items().enumerate() {
            let read = |key| item.member(key).map_or(Some(""), Value::as_str);
            if let (Some(_), Some(text), Some(link)) = (item.member("text"), read("text"), read("link")) {
                credits.push(Attribution { text: text.to_owned(), link: link.to_owned() });
            } else {
                let message = format!("attribution[{idx}] must be an object with text and link.");
                self.report(item, message, "{\"text\": \"…\", \"link\": \"…\"}");
            }
        }
        let chars = |part: fn(&Attribution) -> &str| -> usize {
            credits.iter().map(|credit| part(credit).chars().count()).sum()
        };
        let texts = ("texts", chars(|credit| &credit.text), ATTRIBUTION_TEXT_CHARS_MAX);
        let links = ("links", chars(|credit| &credit.link), ATTRIBUTION_LINK_CHARS_MAX);
        for (what, count, chars_max) in [texts, links] {
            if chars_max < count {
                let message =
                    format!("attribution {what} cannot be longer than {chars_max} characters together.");
                let problem = self.report(value, message, &format!("at most {chars_max} characters"));
                problem.found = format!("{count} characters");
            }
        }
        credits
    }
}
