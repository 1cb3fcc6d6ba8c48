//! `==`, `!=`, `<`, `>`, `<=`, `>=` and `!`.
//!
//! Keeps:  numbers of all forms exact; texts in the order of their code points; NaN equals nothing and has no
//!         order. Values of different types are unequal. Arrays and objects are equal when their texts are,
//!         both written without spaces.
//! Source: recipe 3.3; `MapLibre` GL compares arrays and objects by identity, which data does not have.

use std::cmp::Ordering;

use super::{Bound, EvalError, Op, Operand, Outcome, Run};
use crate::expression::{json, number};

impl Run<'_, '_> {
    pub(super) fn equal(&mut self, left: Operand, right: Operand) -> Result<bool, Box<EvalError>> {
        let left = self.value(left)?;
        let right = self.value(right)?;
        Ok(self.is_equal(left, right))
    }

    pub(super) fn is_equal(&self, left: Bound, right: Bound) -> bool {
        match (left, right) {
            (Bound::Text(left), Bound::Text(right)) => self.bytes(left) == self.bytes(right),
            (Bound::Null, Bound::Null) => true,
            (Bound::Bool(left), Bound::Bool(right)) => left == right,
            (Bound::Json(left), Bound::Json(right)) => {
                let [mut a, mut b] = [String::new(), String::new()];
                json::write(self.text(left), &mut a);
                json::write(self.text(right), &mut b);
                a == b
            }
            (left, right) => number::compare(left, right) == Some(Ordering::Equal),
        }
    }

    pub(super) fn order(&mut self, op: Op, left: Operand, right: Operand) -> Outcome {
        let left = self.value(left)?;
        let right = self.value(right)?;
        let order = match (left, right) {
            (Bound::Text(left), Bound::Text(right)) => Some(self.bytes(left).cmp(self.bytes(right))),
            (left, right) if left.is_number() && right.is_number() => number::compare(left, right),
            _ => return Err(self.incomparable(op, left, right).into()),
        };
        Ok(Bound::Bool(order.is_some_and(|order| match op {
            Op::Less => order.is_lt(),
            Op::Greater => order.is_gt(),
            Op::LessOrEqual => order.is_le(),
            _ => order.is_ge(),
        })))
    }

    #[cold]
    fn incomparable(&self, op: Op, left: Bound, right: Bound) -> EvalError {
        let operator = match op {
            Op::Less => "less than",
            Op::Greater => "greater than",
            Op::LessOrEqual => "less than or equal",
            _ => "greater than or equal",
        };
        EvalError::Compare { operator, left: self.type_of(left), right: self.type_of(right) }
    }

    /// Returns an argument that has to be a boolean.
    pub(super) fn truth(&mut self, op: Op, operand: Operand) -> Result<bool, Box<EvalError>> {
        match self.value(operand)? {
            Bound::Bool(flag) => Ok(flag),
            other => Err(self.unusable(op, other).into()),
        }
    }
}
