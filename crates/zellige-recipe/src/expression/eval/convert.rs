//! Types at run time: assertions, conversions, `typeof`.
//!
//! Keeps:  numbers that a text spells exactly.
//! Source: recipe 3.3; arrays are named as in `MapLibre` GL, `array<number, 3>`.

use std::fmt::Write as _;

use super::{Bound, EvalError, Op, Operand, Outcome, Run, Type};
use crate::expression::{ArrayType, Item, json, number};

/// How much of a value an error shows, characters.
const SHOWN_CHARS_MAX: usize = 100;

impl Run<'_, '_> {
    pub(super) fn converted(&mut self, op: Op, operands: &[Operand]) -> Outcome {
        match op {
            Op::TypeOf => {
                let value = self.value(operands[0])?;
                let name = self.type_of(value);
                self.made(|scratch| scratch.push_str(&name))
            }
            Op::ToBoolean => {
                let value = self.value(operands[0])?;
                Ok(Bound::Bool(is_truthy(value)))
            }
            _ => self.first_number(operands),
        }
    }

    /// Returns the first value of a type.
    pub(super) fn asserted(&mut self, op: Op, operands: &[Operand]) -> Outcome {
        let expected = match op {
            Op::AssertBoolean => Type::Boolean,
            Op::AssertNumber => Type::Number,
            Op::AssertObject => Type::Object,
            _ => Type::String,
        };
        let mut last = Bound::Null;
        for operand in operands {
            last = self.value(*operand)?;
            let is_it = match (expected, last) {
                (Type::Boolean, Bound::Bool(_)) | (Type::String, Bound::Text(_)) => true,
                (Type::Number, value) => value.is_number(),
                (Type::Object, Bound::Json(span)) => json::is_object(self.text(span)),
                _ => false,
            };
            if is_it {
                return Ok(last);
            }
        }
        Err(Box::new(EvalError::Type { expected, found: self.type_of(last) }))
    }

    pub(super) fn assert_array(&mut self, expected: ArrayType, operand: Operand) -> Outcome {
        let value = self.value(operand)?;
        if let Bound::Json(span) = value
            && let Some(found) = array_type(self.text(span))
        {
            let is_of =
                expected.item == Item::Value || found.item == Some(expected.item) || found.length == 0;
            if is_of && expected.length.is_none_or(|length| length == found.length) {
                return Ok(value);
            }
        }
        Err(Box::new(EvalError::Type { expected: Type::Array(expected), found: self.type_of(value) }))
    }

    /// Returns the first value that converts.
    fn first_number(&mut self, operands: &[Operand]) -> Outcome {
        let mut last = Bound::Null;
        for operand in operands {
            last = self.value(*operand)?;
            match last {
                Bound::Null => return Ok(Bound::Int(0)),
                Bound::Bool(flag) => return Ok(Bound::Int(i64::from(flag))),
                Bound::Double(number) if number.is_nan() => {}
                Bound::Int(_) | Bound::UInt(_) | Bound::Double(_) => return Ok(last),
                Bound::Text(span) => {
                    if let Some(number) = number::from_text(self.text(span)) {
                        return Ok(number);
                    }
                }
                Bound::Json(_) => {}
            }
        }
        Err(Box::new(EvalError::Convert { value: self.shown(last) }))
    }

    /// Returns the value as JSON, cut off when it is long.
    fn shown(&self, value: Bound) -> String {
        let cut = |text: &str| text.chars().take(SHOWN_CHARS_MAX).collect::<String>();
        let mut shown = String::new();
        match value {
            Bound::Null => shown.push_str("null"),
            Bound::Bool(flag) => shown.push_str(if flag { "true" } else { "false" }),
            Bound::Text(span) => json::write_text(&cut(self.text(span)), &mut shown),
            Bound::Json(span) => shown.push_str(&cut(self.text(span))),
            number => number::write(number, &mut shown),
        }
        shown
    }

    /// Returns the name of a type at run time.
    pub(super) fn type_of(&self, value: Bound) -> String {
        let array = |span| array_type(self.text(span)).map(|array| array.name());
        match value {
            Bound::Json(span) => array(span).unwrap_or_else(|| "object".to_owned()),
            Bound::Null => "null".to_owned(),
            Bound::Bool(_) => "boolean".to_owned(),
            Bound::Text(_) => "string".to_owned(),
            Bound::Int(_) | Bound::UInt(_) | Bound::Double(_) => "number".to_owned(),
        }
    }
}

/// Returns what `to-boolean` makes of a value.
pub(super) fn is_truthy(value: Bound) -> bool {
    match value {
        Bound::Null => false,
        Bound::Bool(flag) => flag,
        Bound::Text(span) => !span.range().is_empty(),
        Bound::Json(_) => true,
        number => number::to_f64(number).is_some_and(|number| number != 0.0 && !number.is_nan()),
    }
}

/// What all elements of an array are, and how many.
struct Elements {
    /// None for elements that no assertion can ask for, or for several types.
    item: Option<Item>,
    name: &'static str,
    length: u64,
}

impl Elements {
    fn name(&self) -> String {
        let mut name = String::new();
        // Writing to a string cannot fail.
        let _ = write!(name, "array<{}, {}>", self.name, self.length);
        name
    }
}

/// Returns the type of an array; none for an object.
fn array_type(text: &str) -> Option<Elements> {
    if json::is_object(text) {
        return None;
    }
    let kind = |item: json::Item| match text.as_bytes()[item.value.start] {
        b'"' => (Some(Item::String), "string"),
        b't' | b'f' => (Some(Item::Boolean), "boolean"),
        b'n' => (None, "null"),
        b'{' => (None, "object"),
        b'[' => (None, "value"),
        _ => (Some(Item::Number), "number"),
    };
    let mut length = 0;
    let kinds = json::items(text).map(kind).inspect(|_| length += 1);
    let common = kinds.reduce(|a, b| if a == b { a } else { (None, "value") });
    let (item, name) = common.unwrap_or((None, "value"));
    Some(Elements { item, name, length })
}
