//! The options of `features` (recipe 2.1), and `simplification`, which unions have too.

use super::{Checker, FEATURES_ATTRIBUTES_KEYS, FEATURES_KEYS, at, unquote_hint};
use crate::expression::Type;
use crate::raw::Value;
use crate::recipe::{Amount, Assignment, At, Features, Simplification};

/// The largest tolerance, units.
const TOLERANCE_UNITS_MAX: f64 = 4_096.0;

impl Checker<'_> {
    pub(super) fn features(&mut self, features: Value<'_, '_>, path: &str) -> Option<Features> {
        if !features.is_object() {
            self.report(features, format!("{path} must be an object."), "an object");
            return None;
        }
        let mut made = Features::default();
        for member in features.members() {
            let (key, value) = (member.key, member.value);
            let inner = &format!("{path}.{key}");
            match key {
                "id" => {
                    made.id = self.expression(value, inner, Type::Value);
                    self.explain_old_id(value);
                }
                "bbox" => made.bbox = self.bbox(value, inner),
                "attributes" => self.features_attributes(value, inner, &mut made),
                "filter" => made.filter = self.expression(value, inner, Type::Boolean),
                "simplification" => made.simplification = self.simplification(value, inner),
                _ => self.unknown_key(value, key, path, FEATURES_KEYS),
            }
        }
        Some(made)
    }

    /// Adds the way out to the problem of an id in the form of early 2020.
    fn explain_old_id(&mut self, id: Value<'_, '_>) {
        let attribute = id.member("attribute_id").and_then(Value::as_str);
        if let (Some(attribute), Some(problem)) = (attribute, self.problems.last_mut()) {
            problem.hint =
                Some(format!("the object form is no longer read; write [\"get\", \"{attribute}\"]"));
        }
    }

    fn features_attributes(&mut self, attributes: Value<'_, '_>, path: &str, made: &mut Features) {
        if !attributes.is_object() {
            self.report(attributes, format!("{path} must be an object."), "an object");
            return;
        }
        for member in attributes.members() {
            let (key, value) = (member.key, member.value);
            let inner = &format!("{path}.{key}");
            match key {
                "zoom_element" => made.zoom_element = self.names(value, inner).map(|names| at(value, names)),
                "set" => made.set = self.set(value, inner),
                "allowed_output" => made.allowed_output = self.names(value, inner),
                _ => self.unknown_key(value, key, path, FEATURES_ATTRIBUTES_KEYS),
            }
        }
    }

    pub(super) fn set(&mut self, set: Value<'_, '_>, path: &str) -> Option<At<Vec<Assignment>>> {
        if !set.is_object() {
            self.report(set, format!("{path} must be an object."), "an object of expressions by attribute");
            return None;
        }
        let mut assignments = Vec::new();
        for member in set.members() {
            let inner = format!("{path}.{}", member.key);
            if let Some(value) = self.expression(member.value, &inner, Type::Value) {
                assignments.push(Assignment { name: member.key.to_owned(), value });
            }
        }
        Some(at(set, assignments))
    }

    pub(super) fn simplification(&mut self, value: Value<'_, '_>, path: &str) -> Option<At<Simplification>> {
        let mut made = Simplification { distance: None, outward_only: None };
        if !value.is_object() {
            made.distance = Some(self.tolerance(value, path, "a number, an expression or an object")?);
            return Some(at(value, made));
        }
        for member in value.members() {
            let (key, value) = (member.key, member.value);
            let inner = &format!("{path}.{key}");
            match key {
                "distance" => made.distance = self.tolerance(value, inner, "a number or an expression"),
                "outward_only" => made.outward_only = self.expression(value, inner, Type::Boolean),
                _ => self.unknown_key(value, key, path, &["distance", "outward_only"]),
            }
        }
        Some(at(value, made))
    }

    fn tolerance(
        &mut self,
        value: Value<'_, '_>,
        path: &str,
        kinds: &'static str,
    ) -> Option<At<Amount<f64>>> {
        let checked = |number| (0.0..=TOLERANCE_UNITS_MAX).contains(&number).then_some(number);
        self.amount(value, path, &Legal { kinds, range: "between 0 and 4096", checked })
    }

    /// Reads a number in its range, or an expression that gives one.
    pub(super) fn amount<T>(
        &mut self,
        value: Value<'_, '_>,
        path: &str,
        legal: &Legal<T>,
    ) -> Option<At<Amount<T>>> {
        if value.is_array() {
            let expression = self.expression(value, path, Type::Number)?;
            return Some(at(value, Amount::Expression(expression.value)));
        }
        let Some(number) = value.as_f64() else {
            let message = format!("{path} must be {}.", legal.kinds);
            self.report(value, message, legal.kinds).hint = unquote_hint(value);
            return None;
        };
        let amount = (legal.checked)(number);
        if amount.is_none() {
            self.report(value, format!("{path} must be {}.", legal.range), legal.range);
        }
        amount.map(|amount| at(value, Amount::Number(amount)))
    }
}

/// What an option that takes numbers and expressions may be.
pub(super) struct Legal<T> {
    /// The kinds of JSON values, as a phrase.
    pub kinds: &'static str,
    /// The numbers, as a phrase.
    pub range: &'static str,
    /// The numbers.
    pub checked: fn(f64) -> Option<T>,
}
