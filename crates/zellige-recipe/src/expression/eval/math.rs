//! Arithmetic and functions of numbers.
//!
//! Keeps:  whole numbers exact in `+`, `-`, `*`, `%`, `min`, `max`, `abs` and rounding while 64 bits hold them.
//!         The same bits on every machine: functions come from `libm`.
//! Source: recipe 3.3; IEEE 754; halves are rounded away from zero.

use std::cmp::Ordering;
use std::f64::consts;

use super::{Bound, EvalError, Op, Operand, Outcome, Run};
use crate::expression::number::{self, combine};

impl Run<'_, '_> {
    pub(super) fn computed(&mut self, op: Op, operands: &[Operand]) -> Outcome {
        match (op, operands) {
            (Op::Add | Op::Multiply, _) => {
                let start = Bound::Int(i64::from(op == Op::Multiply));
                operands.iter().try_fold(start, |sum, operand| {
                    let next = self.number(op, *operand)?;
                    Ok(two(op, sum, next))
                })
            }
            (Op::Min, _) => self.extreme(op, Ordering::Less, operands),
            (Op::Max, _) => self.extreme(op, Ordering::Greater, operands),
            (_, []) => Ok(Bound::Double(match op {
                Op::Pi => consts::PI,
                Op::E => consts::E,
                _ => consts::LN_2,
            })),
            (_, [value]) => {
                let value = self.number(op, *value)?;
                Ok(if op == Op::Subtract { negative(value) } else { one(op, value) })
            }
            (_, [left, right, ..]) => {
                let left = self.number(op, *left)?;
                let right = self.number(op, *right)?;
                Ok(two(op, left, right))
            }
        }
    }

    /// Returns the value that no other is beyond; NaN wins over all.
    fn extreme(&mut self, op: Op, beyond: Ordering, operands: &[Operand]) -> Outcome {
        let none = if op == Op::Min { f64::INFINITY } else { f64::NEG_INFINITY };
        let mut best = None;
        let mut has_nan = false;
        for operand in operands {
            let next = self.number(op, *operand)?;
            has_nan |= matches!(next, Bound::Double(number) if number.is_nan());
            if best.is_none_or(|best| number::compare(next, best) == Some(beyond)) {
                best = Some(next);
            }
        }
        let nan = has_nan.then_some(Bound::Double(f64::NAN));
        Ok(nan.or(best).unwrap_or(Bound::Double(none)))
    }

    /// Returns an argument that has to be a number.
    fn number(&mut self, op: Op, operand: Operand) -> Result<Bound, Box<EvalError>> {
        let value = self.value(operand)?;
        if value.is_number() { Ok(value) } else { Err(self.unusable(op, value).into()) }
    }
}

/// Applies an operator of two numbers.
fn two(op: Op, left: Bound, right: Bound) -> Bound {
    let result = match op {
        Op::Add => combine(left, right, i128::checked_add, |a, b| a + b),
        Op::Subtract => combine(left, right, i128::checked_sub, |a, b| a - b),
        Op::Multiply => combine(left, right, i128::checked_mul, |a, b| a * b),
        Op::Remainder => combine(left, right, i128::checked_rem, |a, b| a % b),
        Op::Divide => combine(left, right, |_, _| None, |a, b| a / b),
        _ => combine(left, right, |_, _| None, libm::pow),
    };
    result.unwrap_or(Bound::Double(f64::NAN))
}

fn negative(value: Bound) -> Bound {
    two(Op::Multiply, value, Bound::Int(-1))
}

/// Applies a function of one number.
fn one(op: Op, value: Bound) -> Bound {
    let Some(number) = number::to_f64(value) else { return value };
    let is_whole = !matches!(value, Bound::Double(_));
    let result = match op {
        Op::Abs if is_whole => return if number < 0.0 { negative(value) } else { value },
        Op::Ceil | Op::Floor | Op::Round if is_whole => return value,
        Op::Abs => number.abs(),
        Op::Ceil => number.ceil(),
        Op::Floor => number.floor(),
        Op::Round => number.round(),
        Op::Sqrt => number.sqrt(),
        Op::Ln => libm::log(number),
        Op::Log10 => libm::log10(number),
        Op::Log2 => libm::log2(number),
        Op::Sin => libm::sin(number),
        Op::Cos => libm::cos(number),
        Op::Tan => libm::tan(number),
        Op::Asin => libm::asin(number),
        Op::Acos => libm::acos(number),
        _ => libm::atan(number),
    };
    Bound::Double(result)
}
