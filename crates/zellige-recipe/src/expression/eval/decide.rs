//! `all`, `any`, `case`, `coalesce`, `match`, `step`, `interpolate` and `let`: what is not needed is not evaluated.
//!
//! Keeps:  values of `let` are evaluated once, when it is entered; one that fails does so where it is used.
//! Source: recipe 3.3, 3.4; exponential interpolation as in the style specification of `MapLibre` GL.

use super::{Bound, EvalError, Op, Operand, Outcome, Run};
use crate::expression::number;
use crate::expression::program::stops_up_to;

impl Run<'_, '_> {
    /// `all` or `any`: ends at the first value that is not `neutral`.
    pub(super) fn junction(&mut self, op: Op, neutral: bool, operands: &[Operand]) -> Outcome {
        for operand in operands {
            if self.truth(op, *operand)? != neutral {
                return Ok(Bound::Bool(!neutral));
            }
        }
        Ok(Bound::Bool(neutral))
    }

    pub(super) fn case(&mut self, operands: &[Operand]) -> Outcome {
        let (branches, otherwise) = operands.as_chunks::<2>();
        for [condition, output] in branches {
            match self.value(*condition)? {
                Bound::Bool(true) => return self.value(*output),
                Bound::Bool(false) => {}
                other => return Err(Box::new(EvalError::Condition { found: self.type_of(other) })),
            }
        }
        self.value(otherwise[0])
    }

    pub(super) fn coalesce(&mut self, operands: &[Operand]) -> Outcome {
        for operand in operands {
            let value = self.value(*operand)?;
            if value != Bound::Null {
                return Ok(value);
            }
        }
        Ok(Bound::Null)
    }

    pub(super) fn choose(&mut self, table: u32, operands: &[Operand]) -> Outcome {
        let input = self.value(operands[0])?;
        let text = if let Bound::Text(span) = input { self.text(span) } else { "" };
        let output = self.program.tables[table as usize].find(input, text);
        self.value(operands[output.map_or(operands.len() - 1, |output| output + 1)])
    }

    pub(super) fn stepped(&mut self, stops: u32, operands: &[Operand]) -> Outcome {
        let input = self.stop_input(Op::Step, operands[0])?;
        let stops = &self.program.stops[stops as usize];
        self.value(operands[1 + stops_up_to(stops, input)])
    }

    pub(super) fn interpolate(&mut self, base: f64, stops: u32, operands: &[Operand]) -> Outcome {
        let input = self.stop_input(Op::Interpolate, operands[0])?;
        let stops = &self.program.stops[stops as usize];
        let n_up_to = stops_up_to(stops, input);
        let outputs = &operands[1..];
        let lower_idx = n_up_to.saturating_sub(1);
        let progress = input - stops[lower_idx];
        if progress <= 0.0 || n_up_to == stops.len() {
            let only = self.value(outputs[lower_idx])?;
            return if only.is_number() {
                Ok(only)
            } else {
                Err(self.unusable(Op::Interpolate, only).into())
            };
        }
        let lower = self.numeric(Op::Interpolate, outputs[lower_idx])?;
        let upper = self.numeric(Op::Interpolate, outputs[n_up_to])?;
        let share = progress_share(base, progress, stops[n_up_to] - stops[lower_idx]);
        Ok(Bound::Double(lower + (upper - lower) * share))
    }

    pub(super) fn bind(&mut self, first_variable: u32, operands: &[Operand]) -> Outcome {
        let Some((body, values)) = operands.split_last() else { return Ok(Bound::Null) };
        for (idx, value) in values.iter().enumerate() {
            self.on.variables[first_variable as usize + idx] = self.value(*value);
        }
        self.value(*body)
    }

    /// Returns an argument that has to be a number, as a double.
    pub(super) fn numeric(&mut self, op: Op, operand: Operand) -> Result<f64, Box<EvalError>> {
        let value = self.value(operand)?;
        number::to_f64(value).ok_or_else(|| self.unusable(op, value).into())
    }

    fn stop_input(&mut self, op: Op, operand: Operand) -> Result<f64, Box<EvalError>> {
        let input = self.numeric(op, operand)?;
        if input.is_nan() {
            return Err(Box::new(EvalError::NotANumber { operator: op.name() }));
        }
        Ok(input)
    }
}

/// Returns how far between two stops the input is, 0 to 1.
fn progress_share(base: f64, progress: f64, distance: f64) -> f64 {
    #[expect(
        clippy::float_cmp,
        reason = "the base is a literal; 1 means linear, whatever is near it does not"
    )]
    let is_linear = base == 1.0;
    if is_linear {
        progress / distance
    } else {
        (libm::pow(base, progress) - 1.0) / (libm::pow(base, distance) - 1.0)
    }
}
