//! The arguments that are not expressions: how many there are, labels, stops, names, array types.
//!
//! Source: recipe 3.5.

use std::collections::BTreeSet;

use super::parse::{Fault, fault, old_filter_hint, with_article};
use super::types::{ArrayType, Form, Item, Type};
use super::{Label, Op};
use crate::raw::{self, Kind, counted};

/// The largest whole number that a label may have, 2^53 − 1.
const LABEL_MAX: f64 = 9_007_199_254_740_991.0;

/// What else an operator has to remember of its arguments.
pub(super) enum Notes<'d> {
    None,
    Types(&'static [Type]),
    Labels { groups: Vec<Vec<Label>>, seen: BTreeSet<Label>, kind: Option<Type> },
    Stops { base: f64, stops: Vec<f64> },
    Names(Vec<&'d str>),
    Array(ArrayType),
}

/// Checks the number of arguments, and those that are read before all others.
pub(super) fn check_form<'d>(
    form: Form,
    op: Op,
    value: raw::Value<'d, '_>,
    args: &[raw::Value<'d, '_>],
) -> Result<Notes<'d>, Fault> {
    let count = args.len();
    let miscounted = |reason: String, expected: &str| {
        let found = counted(count, "argument");
        Err(Fault { found, ..fault(value, reason, expected) })
    };
    match form {
        Form::Fixed(lists) => {
            Ok(lists.iter().find(|list| list.len() == count).map_or(Notes::None, |list| Notes::Types(list)))
        }
        Form::Equal | Form::Order if count != 2 => {
            miscounted("Expected two or three arguments.".to_owned(), "two arguments")
        }
        Form::FirstOf | Form::Convert | Form::Array if count == 0 => {
            miscounted("Expected at least one argument.".to_owned(), "one argument or more")
        }
        Form::Convert if count != 1 => miscounted("Expected one argument.".to_owned(), "one argument"),
        Form::Array => array(value, args).map(Notes::Array),
        Form::In if count != 2 => {
            let reason = format!("Expected 2 arguments, but found {count} instead.");
            miscounted(reason, "two arguments").map_err(|fault| fault.with_hint(old_filter_hint(op.name())))
        }
        Form::At if count != 2 => {
            miscounted(format!("Expected 2 arguments, but found {count} instead."), "two arguments")
        }
        Form::Length if count != 1 => {
            miscounted(format!("Expected 1 argument, but found {count} instead."), "one argument")
        }
        Form::IndexOf | Form::Slice if count != 2 && count != 3 => {
            let reason = format!("Expected 2 or 3 arguments, but found {count} instead.");
            miscounted(reason, "two or three arguments")
        }
        Form::Case if count < 3 => {
            let reason = format!("Expected at least 3 arguments, but found only {count}.");
            miscounted(reason, arguments(form))
        }
        Form::Let if count < 3 => {
            let reason = format!("Expected at least 3 arguments, but found {count} instead.");
            miscounted(reason, arguments(form))
        }
        Form::Case | Form::Let if count.is_multiple_of(2) => {
            miscounted("Expected an odd number of arguments.".to_owned(), arguments(form))
        }
        Form::Match | Form::Step | Form::Interpolate if count < 4 => {
            miscounted(format!("Expected at least 4 arguments, but found only {count}."), arguments(form))
        }
        Form::Match | Form::Step | Form::Interpolate if !count.is_multiple_of(2) => {
            miscounted("Expected an even number of arguments.".to_owned(), arguments(form))
        }
        Form::Match => Ok(Notes::Labels { groups: Vec::new(), seen: BTreeSet::new(), kind: None }),
        Form::Step => Ok(Notes::Stops { base: 1.0, stops: Vec::new() }),
        Form::Interpolate => Ok(Notes::Stops { base: interpolation(args[0])?, stops: Vec::new() }),
        Form::Let => Ok(Notes::Names(Vec::new())),
        _ => Ok(Notes::None),
    }
}

/// Returns the arguments of an operator with branches, as a phrase.
fn arguments(form: Form) -> &'static str {
    match form {
        Form::Match => "input, labels, output, …, fallback",
        Form::Step => "input, output, stop, output, …",
        Form::Case => "condition, output, …, fallback",
        Form::Let => "name, value, …, body",
        _ => "interpolation, input, stop, output, …",
    }
}

/// Reads what `array` says before its value.
fn array(value: raw::Value<'_, '_>, args: &[raw::Value<'_, '_>]) -> Result<ArrayType, Fault> {
    let item = match args {
        [] | [_] => Item::Value,
        [item, ..] => match item.as_str() {
            Some("string") => Item::String,
            Some("number") => Item::Number,
            Some("boolean") => Item::Boolean,
            _ => {
                let reason = "The item type argument of \"array\" must be one of string, number, boolean";
                return Err(fault(*item, reason, "\"string\", \"number\" or \"boolean\""));
            }
        },
    };
    let length = match args {
        [_, length, _, ..] if !matches!(length.kind(), Kind::Null) => match length.as_integer() {
            Some(length) if 0 <= length => Some(length as u64),
            _ => {
                let reason = "The length argument to \"array\" must be a positive integer literal";
                return Err(fault(*length, reason, "a positive integer"));
            }
        },
        _ => None,
    };
    if 3 < args.len() {
        let reason = format!("Expected at most 3 arguments, but found {} instead.", args.len());
        return Err(fault(value, reason, "a type, a length and a value"));
    }
    Ok(ArrayType { item, length })
}

/// Reads the first argument of `interpolate`; returns the base.
fn interpolation(value: raw::Value<'_, '_>) -> Result<f64, Fault> {
    let items: Vec<_> = value.items().collect();
    let expected = "[\"linear\"] or [\"exponential\", base]";
    let Some(head) = items.first() else {
        return Err(fault(value, "Expected an interpolation type expression.", expected));
    };
    match (head.as_str(), items.get(1).and_then(|base| base.as_f64())) {
        (Some("linear"), _) => Ok(1.0),
        (Some("exponential"), Some(base)) => Ok(base),
        (Some("exponential"), None) => {
            Err(fault(value, "Exponential interpolation requires a numeric base.", expected))
        }
        (Some(name), _) => Err(fault(*head, format!("Unknown interpolation type {name}"), expected)),
        (None, _) => Err(fault(*head, format!("Unknown interpolation type {}", head.text()), expected)),
    }
}

/// Reads the labels of one branch.
pub(super) fn labels(
    value: raw::Value<'_, '_>,
    seen: &mut BTreeSet<Label>,
    kind: &mut Option<Type>,
) -> Result<Vec<Label>, Fault> {
    let written: Vec<_> = if value.is_array() { value.items().collect() } else { vec![value] };
    if written.is_empty() {
        return Err(fault(value, "Expected at least one branch label.", "a label"));
    }
    let mut group = Vec::with_capacity(written.len());
    for label in written {
        let (read, found) = match label.kind() {
            Kind::String(text) => (Label::Text(text.clone().into_owned()), Type::String),
            Kind::Number(number) => (Label::Integer(whole(label, *number)?), Type::Number),
            _ => {
                return Err(fault(
                    label,
                    "Branch labels must be numbers or strings.",
                    "a number or a string",
                ));
            }
        };
        let expected = *kind.get_or_insert(found);
        if found != expected {
            let reason = format!("Expected {expected} but found {found} instead.");
            return Err(fault(label, reason, &with_article(expected)));
        }
        if !seen.insert(read.clone()) {
            return Err(fault(label, "Branch labels must be unique.", "a label that no branch has"));
        }
        group.push(read);
    }
    Ok(group)
}

fn whole(label: raw::Value<'_, '_>, number: f64) -> Result<i64, Fault> {
    if LABEL_MAX < number.abs() {
        let reason = "Branch labels must be integers no larger than 9007199254740991.";
        return Err(fault(label, reason, "a smaller integer"));
    }
    if number.fract() != 0.0 {
        return Err(fault(label, "Numeric branch labels must be integer values.", "an integer"));
    }
    Ok(number as i64)
}

/// Reads a stop of `step` or `interpolate`, which stands above the last one.
pub(super) fn stop(op: Op, value: raw::Value<'_, '_>, last: Option<f64>) -> Result<f64, Fault> {
    let name = op.name();
    let Some(number) = value.as_f64() else {
        let reason = format!(
            "Input/output pairs for \"{name}\" expressions must be defined using literal numeric values \
             (not computed expressions) for the input values."
        );
        return Err(fault(value, reason, "a number"));
    };
    if last.is_some_and(|last| number <= last) {
        let reason = format!(
            "Input/output pairs for \"{name}\" expressions must be arranged with input values \
             in strictly ascending order."
        );
        return Err(fault(value, reason, "a number above that of the stop before"));
    }
    Ok(number)
}

/// Reads a name that `let` binds.
pub(super) fn variable<'d>(value: raw::Value<'d, '_>) -> Result<&'d str, Fault> {
    let Some(name) = value.as_str() else {
        let reason = format!("Expected string, but found {} instead.", value.type_of());
        return Err(fault(value, reason, "the name of a variable"));
    };
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let reason = "Variable names must contain only alphanumeric characters or '_'.";
        return Err(fault(value, reason, "letters, digits and underscores"));
    }
    Ok(name)
}
