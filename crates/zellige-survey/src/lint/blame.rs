//! Expressions that would end the job, and how to guard them.
//!
//! In:     an option that failed, the feature that it failed on.
//! Out:    a lint at the part of the expression that met the value, with the text of the job and a guard.
//! Keeps:  –
//! Source: recipe 3.6.

use zellige_model::{Attributes, ValueRef};
use zellige_recipe::LintCode;
use zellige_recipe::expression::{EvalError, Expression, Term, TermId};
use zellige_recipe::raw::NodeId;
use zellige_recipe::recipe::{Assignment, At, Layer, Simplification};
use zellige_tile::explain::Step;

use super::Linter;
use super::names::asked;
use crate::trial::Failure;

/// The part of an expression that met a value it cannot use.
struct Culprit<'e> {
    origin: NodeId,
    /// The attribute that has the value.
    name: &'e str,
    /// What the attribute is.
    found: &'static str,
}

impl Linter<'_, '_, '_> {
    /// Tells that an option fails on some of the features that were tried.
    pub(super) fn failure(&mut self, failure: &Failure, n_tried: u64) {
        let Failure { step, feature_idx, zoom, error, n_features, .. } = failure;
        let sampled = &self.sample.features[*feature_idx];
        let attributes = &sampled.feature.attributes;
        let layer = self.layer;
        let expressions = expressions(layer, *step);
        let culprits = expressions.iter().filter_map(|(_, it)| culprit(it, error, attributes));
        let culprit = culprits.min_by_key(|culprit| culprit.found != "null");
        let Some(origin) =
            culprit.as_ref().map(|it| it.origin).or_else(|| expressions.first().map(|(origin, _)| *origin))
        else {
            return;
        };
        let place = self.sample.locate(sampled.place);
        let value = self.at(origin);
        let message = format!("{} would end the job: {error}", step.option());
        let scope = self.scope();
        let found = format!(
            "{}{place}, zoom {zoom}; {n_features} of {n_tried} features of the {scope}",
            culprit.as_ref().map_or_else(String::new, |it| match it.found {
                "null" => format!("no \"{}\" in ", it.name),
                found => format!("a {found} as \"{}\" in ", it.name),
            })
        );
        let hint = culprit.as_ref().and_then(|it| guard(it, attributes));
        let lint =
            self.add(LintCode::ExpressionFails, value, message, "an expression that every feature bears");
        lint.found = found;
        lint.hint = hint;
    }
}

/// An expression and the JSON value that it was read from.
type Written<'l> = (NodeId, &'l Expression);

/// Returns the expressions of an option, in document order.
fn expressions(layer: &Layer, step: Step) -> Vec<Written<'_>> {
    let (features, tiles) = (&layer.features, &layer.tiles);
    let unions = || tiles.union.iter().flat_map(|unions| &unions.value);
    match step {
        Step::Id => features.id.iter().map(written).collect(),
        Step::ZoomElement => Vec::new(),
        Step::Set => assignments(features.set.as_ref()),
        Step::Filter => features.filter.iter().map(written).collect(),
        Step::Simplification => features.simplification.iter().flat_map(of_simplification).collect(),
        Step::Limit => {
            let rules = tiles.limit.iter().flat_map(|rules| &rules.value);
            rules.map(|rule| written(&rule.filter)).collect()
        }
        Step::Union => {
            let filters = unions().filter_map(|union| union.filter.as_ref()).map(written);
            let simplified = unions().filter_map(|union| union.simplification.as_ref());
            filters.chain(simplified.flat_map(of_simplification)).collect()
        }
        Step::TileFilter => tiles.filter.iter().map(written).collect(),
        Step::TileSet => assignments(tiles.set.as_ref()),
        Step::RemoveFilled => tiles.remove_filled.iter().map(written).collect(),
        Step::TileId => tiles.id.iter().map(written).collect(),
    }
}

const fn written(expression: &At<Expression>) -> Written<'_> {
    (expression.origin, &expression.value)
}

fn assignments(set: Option<&At<Vec<Assignment>>>) -> Vec<Written<'_>> {
    set.iter().flat_map(|set| &set.value).map(|assignment| written(&assignment.value)).collect()
}

fn of_simplification(simplification: &At<Simplification>) -> impl Iterator<Item = Written<'_>> {
    let Simplification { distance, outward_only } = &simplification.value;
    let distance = distance.iter().filter_map(|at| Some((at.origin, at.value.expression()?)));
    distance.chain(outward_only.iter().map(written))
}

/// Looks for the part of an expression that meets the value which the error names.
fn culprit<'e>(
    expression: &'e Expression,
    error: &EvalError,
    attributes: &Attributes,
) -> Option<Culprit<'e>> {
    let wanted: Vec<&str> = match error {
        EvalError::Compare { left, right, .. } if left == "null" || right == "null" => vec!["null"],
        EvalError::Compare { left, right, .. } => vec![left, right],
        EvalError::Argument { found, .. }
        | EvalError::Condition { found }
        | EvalError::Type { found, .. } => {
            vec![found]
        }
        EvalError::Convert { .. } => vec!["string", "array", "object"],
        _ => return None,
    };
    // An attribute that is compared with a constant of its own type is not to blame.
    let is_wanted = |found: &str, others: &[TermId]| {
        let is_same = |term: &TermId| match &expression.node(*term).term {
            Term::Literal(value) => type_of(Some(value.as_ref())) == found,
            _ => false,
        };
        wanted.contains(&found) && !others.iter().any(is_same)
    };
    let mut alone = None;
    for node in expression.nodes() {
        if let Some(name) = asked(expression, node) {
            let found = type_of(attributes.get(name));
            if alone.is_none() && is_wanted(found, &[]) {
                alone = Some(Culprit { origin: node.origin, name, found });
            }
            continue;
        }
        let Term::Call { args, .. } = &node.term else { continue };
        let asked_here = args.iter().filter_map(|arg| asked(expression, expression.node(*arg)));
        for name in asked_here {
            let found = type_of(attributes.get(name));
            if is_wanted(found, args) {
                return Some(Culprit { origin: node.origin, name, found });
            }
        }
    }
    alone
}

/// Returns the type of an attribute as expressions name it; what is missing is null.
fn type_of(value: Option<ValueRef<'_>>) -> &'static str {
    match value {
        None | Some(ValueRef::Null) => "null",
        Some(ValueRef::Bool(_)) => "boolean",
        Some(ValueRef::Int(_) | ValueRef::UInt(_) | ValueRef::Double(_)) => "number",
        Some(ValueRef::String(_)) => "string",
        Some(ValueRef::Json(text)) if text.starts_with('[') => "array",
        Some(ValueRef::Json(_)) => "object",
    }
}

/// Returns how to write the expression so that it bears the value.
fn guard(culprit: &Culprit<'_>, attributes: &Attributes) -> Option<String> {
    let name = serde_json::Value::from(culprit.name);
    match culprit.found {
        "null" if attributes.get(culprit.name).is_none() => Some(format!(
            "ask first: [\"all\", [\"has\", {name}], …], or say what stands in: [\"coalesce\", [\"get\", {name}], 0]"
        )),
        "null" => Some(format!("say what stands in for null: [\"coalesce\", [\"get\", {name}], 0]")),
        "string" => Some(format!("read the text as a number: [\"to-number\", [\"get\", {name}], 0]")),
        "number" | "boolean" => Some(format!("make it a text: [\"to-string\", [\"get\", {name}]]")),
        _ => None,
    }
}
