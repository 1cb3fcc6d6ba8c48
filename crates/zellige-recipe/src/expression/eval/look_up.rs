//! Looks inside: `get`, `has`, `at`, `length`, `in`, `index-of`, `slice`, `properties`.
//!
//! Keeps:  parts of arrays, objects and texts where they lie; only what cannot lie there is written anew.
//!         Positions in texts count UTF-16 code units, as in JavaScript.
//! Source: recipe 3.3, 3.4; ECMA-262 §22.1.3.9, §23.1.3.17, §23.1.3.28 for negative and odd positions.

use super::convert::is_truthy;
use super::{Bound, EvalError, Home, Op, Operand, Outcome, Run, Span, bind};
use crate::expression::{json, number};

impl Run<'_, '_> {
    pub(super) fn look_up(&mut self, op: Op, operands: &[Operand]) -> Outcome {
        match (op, operands) {
            (Op::Get, [name]) => self.named(op, *name).map(|value| value.unwrap_or(Bound::Null)),
            (Op::Has, [name]) => self.named(op, *name).map(|value| Bound::Bool(value.is_some())),
            (Op::Get, [name, object]) => match self.member(op, *name, *object)? {
                Some(member) => self.read(member),
                None => Ok(Bound::Null),
            },
            (Op::Has, [name, object]) => {
                self.member(op, *name, *object).map(|member| Bound::Bool(member.is_some()))
            }
            (Op::At, [index, array]) => self.at(*index, *array),
            (Op::Length, [value]) => self.length(*value),
            (Op::In, [needle, stack]) => self.is_in(*needle, *stack),
            (Op::IndexOf, [needle, stack, from @ ..]) => self.index_of(*needle, *stack, from),
            (Op::Slice, [value, begin, end @ ..]) => self.slice(*value, *begin, end),
            _ => self.properties(),
        }
    }

    /// Returns the attribute of a computed name.
    fn named(&mut self, op: Op, name: Operand) -> Result<Option<Bound>, Box<EvalError>> {
        match self.value(name)? {
            Bound::Text(span) => Ok(self.scope.attributes.named(self.text(span))),
            other => Err(self.unusable(op, other).into()),
        }
    }

    /// Returns the place of a member of an object.
    fn member(&mut self, op: Op, name: Operand, object: Operand) -> Result<Option<Span>, Box<EvalError>> {
        let name = self.value(name)?;
        let object = self.value(object)?;
        let Bound::Text(key) = name else { return Err(self.unusable(op, name).into()) };
        match object {
            Bound::Json(span) if json::is_object(self.text(span)) => {
                let member = json::member(self.text(span), self.text(key));
                Ok(member.map(|member| span.part(member.start, member.end)))
            }
            other => Err(self.unusable(op, other).into()),
        }
    }

    /// Returns the value of a JSON text.
    fn read(&mut self, span: Span) -> Outcome {
        let text = self.text(span);
        Ok(match text.as_bytes().first() {
            Some(b'[' | b'{') => Bound::Json(span),
            Some(b'"') => {
                let inside = json::between_quotes(text.as_bytes(), 0..text.len()).unwrap_or(0..0);
                let written = &text[inside.clone()];
                if !written.contains('\\') {
                    return Ok(Bound::Text(span.part(inside.start, inside.end)));
                }
                let unescaped = json::unescaped(written).into_owned();
                return self.made(|scratch| scratch.push_str(&unescaped));
            }
            Some(b't') => Bound::Bool(true),
            Some(b'f') => Bound::Bool(false),
            Some(b'-' | b'0'..=b'9') => number::from_json(text),
            _ => Bound::Null,
        })
    }

    fn at(&mut self, index: Operand, array: Operand) -> Outcome {
        let index = self.numeric(Op::At, index)?;
        let array = self.value(array)?;
        let Some(span) = self.array(array) else { return Err(self.unusable(Op::At, array).into()) };
        if index.fract() != 0.0 && index.is_finite() {
            return Err(Box::new(EvalError::NotWhole { index }));
        }
        let items = json::items(self.text(span));
        let found = if 0.0 <= index { items.clone().nth(index as usize) } else { None };
        match found {
            Some(item) => self.read(span.part(item.value.start, item.value.end)),
            None => Err(Box::new(EvalError::OutOfBounds { index, length: items.count() })),
        }
    }

    fn length(&mut self, operand: Operand) -> Outcome {
        let value = self.value(operand)?;
        let length = match (value, self.array(value)) {
            (_, Some(span)) => json::items(self.text(span)).count(),
            (Bound::Text(span), _) => units(self.text(span)),
            (other, _) => return Err(self.unusable(Op::Length, other).into()),
        };
        Ok(Bound::Int(length as i64))
    }

    /// Returns the place of an array, if the value is one.
    fn array(&self, value: Bound) -> Option<Span> {
        match value {
            Bound::Json(span) if !json::is_object(self.text(span)) => Some(span),
            _ => None,
        }
    }

    fn is_in(&mut self, needle: Operand, stack: Operand) -> Outcome {
        let needle = self.value(needle)?;
        let stack = self.value(stack)?;
        // As in GL: nothing is in what counts as false, not even what could not be looked for.
        if !is_truthy(stack) {
            return Ok(Bound::Bool(false));
        }
        let is_in = match (stack, self.array(stack)) {
            (_, Some(array)) => self.element(needle, array, 0, Op::In)?.is_some(),
            (Bound::Text(text), _) => {
                let needle = self.spelled(needle, Op::In)?;
                self.text(text).contains(self.text(needle))
            }
            (other, _) => return Err(self.unusable(Op::In, other).into()),
        };
        Ok(Bound::Bool(is_in))
    }

    fn index_of(&mut self, needle: Operand, stack: Operand, from: &[Operand]) -> Outcome {
        let needle = self.value(needle)?;
        let stack = self.value(stack)?;
        let from = from.first().map_or(Ok(0.0), |from| self.numeric(Op::IndexOf, *from))?;
        let found = match (stack, self.array(stack)) {
            (_, Some(array)) => {
                let first = position(from, json::items(self.text(array)).count());
                self.element(needle, array, first, Op::IndexOf)?
            }
            (Bound::Text(text), _) => {
                let needle = self.spelled(needle, Op::IndexOf)?;
                index_of_text(self.text(text), self.text(needle), from)
            }
            (other, _) => return Err(self.unusable(Op::IndexOf, other).into()),
        };
        Ok(Bound::Int(found.map_or(-1, |found| found as i64)))
    }

    /// Returns the number of the first element from `first` on that equals `needle`.
    fn element(
        &mut self,
        needle: Bound,
        array: Span,
        first: usize,
        op: Op,
    ) -> Result<Option<usize>, Box<EvalError>> {
        if let Bound::Json(_) = needle {
            return Err(self.unusable(op, needle).into());
        }
        // Reading an element may write to the scratch that the array lies in, so places are kept, not texts.
        let (mut after, mut idx) = (0, 0);
        while let Some(item) = json::item_after(self.text(array), after) {
            after = item.value.end;
            if first <= idx {
                let element = self.read(array.part(item.value.start, item.value.end))?;
                if self.is_equal(needle, element) {
                    return Ok(Some(idx));
                }
            }
            idx += 1;
        }
        Ok(None)
    }

    /// Returns a value as the text that is looked for in a text.
    fn spelled(&mut self, needle: Bound, op: Op) -> Result<Span, Box<EvalError>> {
        match needle {
            Bound::Text(span) => Ok(span),
            Bound::Json(_) => Err(self.unusable(op, needle).into()),
            Bound::Null => self.wrote(|scratch| scratch.push_str("null")),
            other => self.wrote(|scratch| spell(other, scratch)),
        }
    }

    fn slice(&mut self, value: Operand, begin: Operand, end: &[Operand]) -> Outcome {
        let value = self.value(value)?;
        let begin = self.numeric(Op::Slice, begin)?;
        let end = end.first().map_or(Ok(f64::INFINITY), |end| self.numeric(Op::Slice, *end))?;
        match (value, self.array(value)) {
            (_, Some(array)) => self.slice_array(array, begin, end),
            (Bound::Text(span), _) => self.slice_text(span, begin, end),
            (other, _) => Err(self.unusable(Op::Slice, other).into()),
        }
    }

    fn slice_array(&mut self, array: Span, begin: f64, end: f64) -> Outcome {
        let items = json::items(self.text(array));
        let length = items.clone().count();
        let (begin, end) = (position(begin, length), position(end, length));
        let mut taken = items.skip(begin).take(end.saturating_sub(begin)).map(|item| item.value);
        let inside = match (taken.next(), taken.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            (Some(only), None) => only,
            _ => 0..0,
        };
        let inside = self.text(array)[inside].to_owned();
        self.wrote(|scratch| {
            scratch.push('[');
            scratch.push_str(&inside);
            scratch.push(']');
        })
        .map(Bound::Json)
    }

    fn slice_text(&mut self, span: Span, begin: f64, end: f64) -> Outcome {
        let text = self.text(span);
        let length = units(text);
        let (begin, end) = (position(begin, length), position(end, length));
        if end <= begin {
            return Ok(Bound::Text(span.part(0, 0)));
        }
        match (byte_of(text, begin), byte_of(text, end)) {
            (Ok(begin), Ok(end)) => Ok(Bound::Text(span.part(begin, end))),
            // Half of a pair is no character; it becomes what a reader of the tile would make of it.
            (begin, end) => {
                let half = |at: Result<usize, usize>| if at.is_err() { "\u{fffd}" } else { "" };
                let inside = begin.unwrap_or_else(|at| at + 4)..end.unwrap_or_else(|at| at);
                let inside = text.get(inside).unwrap_or_default();
                let whole = [half(begin), inside, half(end)].concat();
                self.made(|scratch| scratch.push_str(&whole))
            }
        }
    }

    /// Returns all attributes as an object.
    fn properties(&mut self) -> Outcome {
        let attributes = self.scope.attributes;
        let start = self.on.scratch.len();
        let scratch = &mut self.on.scratch;
        scratch.push('{');
        for (idx, (key, value)) in attributes.iter().enumerate() {
            scratch.push_str(if idx == 0 { "" } else { "," });
            json::write_text(key, scratch);
            scratch.push(':');
            match bind(value, Home::Feature, 0) {
                (Bound::Null, _) => scratch.push_str("null"),
                (Bound::Text(_), text) => json::write_text(text, scratch),
                (Bound::Json(_), text) => scratch.push_str(text),
                (Bound::Double(number), _) if !number.is_finite() => scratch.push_str("null"),
                (other, _) => spell(other, scratch),
            }
        }
        scratch.push('}');
        self.since(start).map(Bound::Json)
    }
}

/// Appends a boolean or a number.
pub(super) fn spell(value: Bound, out: &mut String) {
    match value {
        Bound::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
        number => number::write(number, out),
    }
}

/// Returns a position as `slice` and `index-of` take it: from the end when negative, within the length.
fn position(written: f64, length: usize) -> usize {
    // NaN counts as 0; casts saturate.
    let whole = written.trunc();
    if whole < 0.0 { length.saturating_sub(-whole as usize) } else { (whole as usize).min(length) }
}

/// Returns the length of a text in UTF-16 code units.
fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Returns the byte at which a code unit starts, or the byte of the pair that it is the second half of.
fn byte_of(text: &str, unit: usize) -> Result<usize, usize> {
    let mut before = 0;
    for (byte, char) in text.char_indices() {
        if before == unit {
            return Ok(byte);
        }
        before += char.len_utf16();
        if unit < before {
            return Err(byte);
        }
    }
    Ok(text.len())
}

/// Returns the code unit at which `needle` is found first, from code unit `from` on.
fn index_of_text(text: &str, needle: &str, from: f64) -> Option<usize> {
    let from = (from.max(0.0) as usize).min(units(text));
    if needle.is_empty() {
        return Some(from);
    }
    let first = byte_of(text, from).unwrap_or_else(|pair| pair + 4);
    let found = first + text[first..].find(needle)?;
    Some(units(&text[..found]))
}
