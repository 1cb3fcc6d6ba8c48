//! A recipe that has to be right: its plan, or one error.

use zellige_recipe::{Options, Plan, check};

/// Why a recipe gives no plan: all of its problems.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recipe is refused: {}", .messages.join(" "))]
pub struct RecipeRefused {
    /// The texts of the wire, in order.
    pub messages: Vec<String>,
}

/// Returns what the recipe in `text` means.
///
/// # Errors
///
/// All problems of the recipe at once; [`check`](zellige_recipe::check) tells more about each.
pub fn plan(text: &[u8]) -> Result<Plan, RecipeRefused> {
    let checked = check(text, &Options::default());
    let messages = checked.wire_messages().into_iter().map(str::to_owned).collect();
    checked.plan.ok_or(RecipeRefused { messages })
}
