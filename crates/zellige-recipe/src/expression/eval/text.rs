//! `concat`, `to-string`, `upcase`, `downcase`.
//!
//! Keeps:  texts that need no change where they lie.
//! Source: recipe 3.3; Unicode default mappings, without a language.

use std::borrow::Cow;

use super::look_up::spell;
use super::{Bound, EvalError, Op, Operand, Outcome, Run, Span};
use crate::expression::json;

impl Run<'_, '_> {
    pub(super) fn written(&mut self, op: Op, operands: &[Operand]) -> Outcome {
        if op == Op::Concat {
            return self.concat(operands);
        }
        let value = self.value(operands[0])?;
        match (op, value) {
            (Op::ToString, Bound::Text(_)) => Ok(value),
            (Op::ToString, _) => {
                let start = self.on.scratch.len();
                self.append(value)?;
                self.since(start).map(Bound::Text)
            }
            (_, Bound::Text(span)) => self.cased(op, span),
            (_, other) => Err(self.unusable(op, other).into()),
        }
    }

    /// Joins texts; all are evaluated before the first is written, since evaluating writes too.
    fn concat(&mut self, operands: &[Operand]) -> Outcome {
        let waiting = self.on.stack.len();
        for operand in operands {
            let value = self.value(*operand)?;
            self.on.stack.push(value);
        }
        let start = self.on.scratch.len();
        for idx in waiting..self.on.stack.len() {
            self.append(self.on.stack[idx])?;
        }
        self.on.stack.truncate(waiting);
        self.since(start).map(Bound::Text)
    }

    /// Appends a value to the scratch, as `to-string` spells it.
    fn append(&mut self, value: Bound) -> Result<(), Box<EvalError>> {
        let start = self.on.scratch.len();
        match value {
            Bound::Null => {}
            Bound::Text(span) => match self.outer(span) {
                Some(text) => self.on.scratch.push_str(text),
                None => self.on.scratch.extend_from_within(span.range()),
            },
            Bound::Json(span) => {
                let text =
                    self.outer(span).map_or_else(|| Cow::Owned(self.text(span).to_owned()), Cow::Borrowed);
                json::write(&text, &mut self.on.scratch);
            }
            other => spell(other, &mut self.on.scratch),
        }
        self.since(start).map(drop)
    }

    fn cased(&mut self, op: Op, span: Span) -> Outcome {
        let text = self.text(span);
        if !text.is_ascii() {
            let cased = if op == Op::Upcase { text.to_uppercase() } else { text.to_lowercase() };
            return self.made(|scratch| scratch.push_str(&cased));
        }
        let start = self.on.scratch.len();
        self.append(Bound::Text(span))?;
        let written = &mut self.on.scratch[start..];
        if op == Op::Upcase {
            written.make_ascii_uppercase();
        } else {
            written.make_ascii_lowercase();
        }
        self.since(start).map(Bound::Text)
    }
}
