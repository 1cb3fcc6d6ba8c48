//! The options of `tiles` (recipe 2.2), with `limit` and `union` (recipe 4).

use zellige_model::Extent;

use super::features::Legal;
use super::{Checker, TILES_KEYS, UNION_KEYS, at, compact, one_of, quoted, unquote_hint};
use crate::expression::Type;
use crate::raw::{Kind, Value};
use crate::recipe::{Aggregation, Assignment, At, Limit, LimitRule, Tiles, Union};
use crate::suggest::did_you_mean;

/// The largest `layer_size`, KiB.
const LAYER_KIB_MAX: i64 = 2_500;

const EXTENT: Legal<Extent> = Legal {
    kinds: "a number or an expression",
    range: "an integer between 1 and 65536",
    checked: |number| {
        let is_whole = number.fract() == 0.0 && (1.0..=65_536.0).contains(&number);
        if is_whole { Extent::new(number as u32) } else { None }
    },
};

const BUFFER_SIZE: Legal<f64> = Legal {
    kinds: "a number or an expression",
    range: "between 0 and 100",
    checked: |percent| (0.0..=100.0).contains(&percent).then_some(percent),
};

impl Checker<'_> {
    pub(super) fn tiles(&mut self, tiles: Value<'_, '_>, path: &str) -> Option<Tiles> {
        if !tiles.is_object() {
            self.report(tiles, format!("{path} must be an object."), "an object");
            return None;
        }
        let mut made = Tiles::default();
        for member in tiles.members() {
            let (key, value) = (member.key, member.value);
            let inner = &format!("{path}.{key}");
            match key {
                "bbox" => made.bbox = self.bbox(value, inner),
                "extent" => made.extent = self.amount(value, inner, &EXTENT),
                "buffer_size" => made.buffer_size = self.amount(value, inner, &BUFFER_SIZE),
                "limit" => made.limit = self.limits(value, inner),
                "union" => made.union = self.unions(value, inner),
                "filter" => made.filter = self.expression(value, inner, Type::Boolean),
                "attributes" => made.set = self.tiles_attributes(value, inner),
                "order" => made.order = self.order(value, inner),
                "remove_filled" => made.remove_filled = self.expression(value, inner, Type::Boolean),
                "id" => made.id = self.expression(value, inner, Type::Value),
                "layer_size" => made.layer_size = self.layer_size(value, inner),
                _ => self.unknown_key(value, key, path, TILES_KEYS),
            }
        }
        Some(made)
    }

    fn tiles_attributes(&mut self, attributes: Value<'_, '_>, path: &str) -> Option<At<Vec<Assignment>>> {
        if !attributes.is_object() {
            self.report(attributes, format!("{path} must be an object."), "an object");
            return None;
        }
        let mut set = None;
        for member in attributes.members() {
            match member.key {
                "set" => set = self.set(member.value, &format!("{path}.set")),
                key => self.unknown_key(member.value, key, path, &["set"]),
            }
        }
        set
    }

    fn order(&mut self, value: Value<'_, '_>, path: &str) -> Option<String> {
        let order = value.as_str().map(str::to_owned);
        if order.is_none() {
            let problem = self.report(value, format!("{path} must be a string."), "the name of an attribute");
            problem.hint = value.is_array().then(|| {
                "order takes no expression; make an attribute with \"tiles.attributes.set\" and name it"
                    .to_owned()
            });
        }
        order
    }

    fn layer_size(&mut self, value: Value<'_, '_>, path: &str) -> Option<At<u32>> {
        let kib = value.as_integer().filter(|kib| (1..=LAYER_KIB_MAX).contains(kib));
        if kib.is_none() {
            let message = format!("{path} must be an integer between 1 and 2500.");
            self.report(value, message, "an integer between 1 and 2500, KiB").hint = unquote_hint(value);
        }
        kib.map(|kib| at(value, kib as u32))
    }

    fn limits(&mut self, value: Value<'_, '_>, path: &str) -> Option<At<Vec<Limit>>> {
        let rule = "[[rule, filter, number, attribute], …]";
        if !value.is_array() {
            self.report(value, format!("{path} must be an array."), rule);
            return None;
        }
        if value.items().next().is_some_and(|first| first.as_str().is_some()) {
            let message = format!("{path} must be an array of rules, not a single rule.");
            self.report(value, message, rule).hint = Some("put the rule into brackets: [[…]]".to_owned());
            return None;
        }
        let items = value.items().enumerate();
        let rules: Vec<_> = items.map(|(idx, item)| self.limit(item, &format!("{path}[{idx}]"))).collect();
        Some(at(value, rules.into_iter().flatten().collect()))
    }

    fn limit(&mut self, value: Value<'_, '_>, path: &str) -> Option<Limit> {
        let parts: Vec<_> = value.items().collect();
        let [rule, filter, number, attribute] = parts[..] else {
            let message = format!("{path} must be an array of four elements.");
            self.report(value, message, "[rule, filter, number, attribute]").hint =
                (parts.len() == 3).then(|| "the attribute may be null to rank by source order".to_owned());
            return None;
        };
        let rule = self.limit_rule(rule, path);
        let filter = self.expression(filter, path, Type::Boolean);
        let count = positive(number);
        if count.is_none() {
            self.report(number, format!("{path} number must be a positive integer."), "a positive integer");
        }
        let attribute = match attribute.kind() {
            Kind::Null => Some(None),
            Kind::String(name) => Some(Some(name.clone().into_owned())),
            _ => {
                let message = format!("{path} attribute value {} is not a string.", compact(attribute));
                self.report(attribute, message, "the name of an attribute, or null");
                None
            }
        };
        Some(Limit { rule: rule?, filter: filter?, number: count?, attribute: attribute? })
    }

    fn limit_rule(&mut self, value: Value<'_, '_>, path: &str) -> Option<LimitRule> {
        let known = || LimitRule::ALL.iter().map(|(name, _)| *name);
        let found = LimitRule::ALL.iter().find(|(name, _)| value.as_str() == Some(*name));
        if found.is_none() {
            let message = format!("{path} has an unknown rule {}.", compact(value));
            let expected = one_of(known().map(quoted).collect());
            self.report(value, message, &expected).hint =
                value.as_str().and_then(|name| did_you_mean(name, known()));
        }
        found.map(|(_, rule)| *rule)
    }

    fn unions(&mut self, value: Value<'_, '_>, path: &str) -> Option<At<Vec<Union>>> {
        if !value.is_array() {
            let problem = self.report(value, format!("{path} must be an array."), "an array of objects");
            problem.hint = value.is_object().then(|| "put the object into brackets: [{…}]".to_owned());
            return None;
        }
        let items = value.items().enumerate();
        let unions: Vec<_> = items.map(|(idx, item)| self.union(item, &format!("{path}[{idx}]"))).collect();
        Some(at(value, unions.into_iter().flatten().collect()))
    }

    fn union(&mut self, union: Value<'_, '_>, path: &str) -> Option<Union> {
        if !union.is_object() {
            self.report(union, format!("{path} must be an object."), "an object");
            return None;
        }
        let mut made = Union::default();
        for member in union.members() {
            let (key, value) = (member.key, member.value);
            let inner = &format!("{path}.{key}");
            match key {
                "where" => made.filter = self.expression(value, inner, Type::Boolean),
                "group_by" => made.group_by = self.names(value, inner).map(|names| at(value, names)),
                "aggregate" => made.aggregate = self.aggregate(value, inner),
                "maintain_direction" => made.maintain_direction = self.boolean(value, inner),
                "simplification" => made.simplification = self.simplification(value, inner),
                "cluster" => made.cluster = self.boolean(value, inner).map(|flag| at(value, flag)),
                "region_count" => made.region_count = self.region_count(value, inner),
                _ => self.unknown_key(value, key, path, UNION_KEYS),
            }
        }
        Some(made)
    }

    fn region_count(&mut self, value: Value<'_, '_>, path: &str) -> Option<At<u32>> {
        let count = positive(value);
        if count.is_none() {
            self.report(value, format!("{path} must be a positive integer."), "a positive integer");
        }
        count.map(|count| at(value, count))
    }

    fn aggregate(&mut self, value: Value<'_, '_>, path: &str) -> Vec<(At<String>, Aggregation)> {
        if !value.is_object() {
            self.report(value, format!("{path} must be an object."), "an object of operations by attribute");
            return Vec::new();
        }
        let known = || Aggregation::ALL.iter().map(|(name, _)| *name);
        let mut made = Vec::new();
        for member in value.members() {
            let written = member.value.as_str();
            if let Some((_, operation)) = Aggregation::ALL.iter().find(|(name, _)| written == Some(*name)) {
                made.push((at(member.value, member.key.to_owned()), *operation));
                continue;
            }
            let message =
                format!("{path}.{} has an unknown aggregation type {}.", member.key, compact(member.value));
            let hint =
                written.and_then(|name| aggregation_hint(name).or_else(|| did_you_mean(name, known())));
            self.report(member.value, message, &one_of(known().map(quoted).collect())).hint = hint;
        }
        made
    }
}

/// Returns a whole number above 0; those beyond 32 bits mean no more than the largest one does.
fn positive(value: Value<'_, '_>) -> Option<u32> {
    value.as_integer().filter(|count| 0 < *count).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
}

/// Returns what does the work of an operation that other tools have.
fn aggregation_hint(name: &str) -> Option<String> {
    match name {
        "average" | "avg" => Some("write \"mean\"".to_owned()),
        "first" | "any" | "mode" => Some("write \"arbitrary\"".to_owned()),
        "join" => Some("write \"comma\" or \"concat\"".to_owned()),
        "count" => Some("set an attribute to 1 in \"features.attributes.set\" and sum it".to_owned()),
        _ => None,
    }
}
