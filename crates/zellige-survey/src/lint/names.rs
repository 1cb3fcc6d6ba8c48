//! Attributes that a layer asks for and no feature has.
//!
//! In:     every place of a layer that names an attribute; the names that the sample has.
//! Out:    a lint for each name, at the first place that has it.
//! Keeps:  names that the recipe makes itself are known.
//! Source: recipe 9.

use std::collections::BTreeSet;

use zellige_recipe::expression::{Expression, Node, Op, Term, TermId};
use zellige_recipe::raw::Value;
use zellige_recipe::{LintCode, did_you_mean};

use super::Linter;

/// So many names of attributes a hint lists.
const NAMES_SHOWN: usize = 12;

/// A place that names an attribute.
type Use<'d, 'a> = (String, Value<'d, 'a>, By);

/// What of a place is the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The value, or a part of it.
    Value,
    /// The key.
    Key,
}

impl<'d, 'a> Linter<'_, 'd, 'a> {
    pub(super) fn unknown_attributes(&mut self) {
        let made: BTreeSet<&str> = self.made().collect();
        let names: BTreeSet<&str> =
            self.profile.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        let mut told = BTreeSet::new();
        let mut unknown: Vec<Use<'d, 'a>> = Vec::new();
        for used in self.uses() {
            let name = used.0.as_str();
            if !names.contains(name) && !made.contains(name) && told.insert(used.0.clone()) {
                unknown.push(used);
            }
        }
        let list = || {
            let few: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| format!("\"{name}\"")).collect();
            let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
            (!few.is_empty()).then(|| format!("the attributes are {}{more}", few.join(", ")))
        };
        let known = || names.iter().chain(&made).copied();
        let hints: Vec<Option<String>> =
            unknown.iter().map(|(name, _, _)| did_you_mean(name, known()).or_else(list)).collect();
        let scope = self.scope();
        for ((name, value, by), hint) in unknown.into_iter().zip(hints) {
            let message = format!("no feature of the {scope} has an attribute `{name}`");
            let lint = self.add(LintCode::UnknownAttribute, value, message, "an attribute of the source");
            lint.hint = hint;
            if let (By::Key, Some(span)) = (by, value.key_span()) {
                lint.span = span;
                lint.found = format!("the key \"{name}\"");
            }
        }
    }

    /// Returns the names that the recipe makes itself.
    fn made(&self) -> impl Iterator<Item = &str> {
        let (features, tiles) = (&self.layer.features, &self.layer.tiles);
        let sets = features.set.iter().chain(&tiles.set).flat_map(|set| &set.value);
        sets.map(|assignment| assignment.name.as_str())
    }

    /// Returns every place that names an attribute.
    fn uses(&self) -> Vec<Use<'d, 'a>> {
        let (features, tiles) = (&self.layer.features, &self.layer.tiles);
        let mut uses = Vec::new();
        let in_list = |names: Option<Value<'d, 'a>>, uses: &mut Vec<Use<'d, 'a>>| {
            let items = names.into_iter().flat_map(Value::items);
            uses.extend(items.filter_map(|item| Some((item.as_str()?.to_owned(), item, By::Value))));
        };
        in_list(features.zoom_element.as_ref().map(|names| self.at(names.origin)), &mut uses);
        for expression in self.layer.expressions() {
            uses.extend(
                gets(expression).map(|(name, node)| (name.to_owned(), self.at(node.origin), By::Value)),
            );
        }
        let member =
            |object: &str, key: &str| self.value.member(object).and_then(|object| object.member(key));
        in_list(member("features", "attributes").and_then(|it| it.member("allowed_output")), &mut uses);
        let limits = tiles.limit.iter().flat_map(|limit| self.at(limit.origin).items());
        let limited = limits.filter_map(|rule| rule.items().nth(3));
        let ordered = member("tiles", "order");
        uses.extend(
            limited.chain(ordered).filter_map(|value| Some((value.as_str()?.to_owned(), value, By::Value))),
        );
        for union in tiles.union.iter().flat_map(|unions| &unions.value) {
            in_list(union.group_by.as_ref().map(|names| self.at(names.origin)), &mut uses);
            let aggregated =
                union.aggregate.iter().map(|(name, _)| (name.value.clone(), self.at(name.origin), By::Key));
            uses.extend(aggregated);
        }
        uses
    }
}

/// Returns the nodes of an expression that ask the feature for an attribute of a constant name.
pub(super) fn gets(expression: &Expression) -> impl Iterator<Item = (&str, &Node)> {
    expression.nodes().iter().filter_map(|node| Some((asked(expression, node)?, node)))
}

/// Returns the attribute that a node asks the feature for.
pub(super) fn asked<'e>(expression: &'e Expression, node: &Node) -> Option<&'e str> {
    let Term::Call { op: Op::Get | Op::Has, args } = &node.term else { return None };
    let is_properties =
        |term: &TermId| matches!(expression.node(*term).term, Term::Call { op: Op::Properties, .. });
    match args.as_slice() {
        [name] => expression.text(*name),
        [name, object] if is_properties(object) => expression.text(*name),
        _ => None,
    }
}
