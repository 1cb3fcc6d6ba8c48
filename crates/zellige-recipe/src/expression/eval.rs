//! Runs a program on a feature.
//!
//! In:     a [`Program`] and a [`Scope`]: zoom, kind of geometry, id, attributes.
//! Out:    a value, a boolean or a number; or an [`EvalError`].
//! Keeps:  nothing from run to run but its buffers, so that filters allocate nothing.
//!         Decisions evaluate only what they need; a value that `let` binds is evaluated once.
//! Source: recipe 3.1 to 3.4.
//!
//! Steps call the steps they use. They are as deep as the JSON that they were read from, which is bounded by
//! [`NESTING_MAX`](crate::raw::NESTING_MAX); data is never recursed over.

use zellige_model::{GeometryKind, ValueRef};

use super::bindings::Bindings;
use super::program::{Kind, Operand, Program, Step};
use super::value::{Bound, Home, Span, bind};
use super::{EvalError, Op, Type};

mod compare;
mod decide;
mod convert;
mod look_up;
mod text;
mod math;
#[cfg(test)]
mod tests;

/// How long the texts may become that one evaluation makes, bytes.
pub const SCRATCH_BYTES_MAX: usize = 64 << 20;

/// What a program is evaluated for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The zoom of the tile; programs of [`Program::at_zoom`] do not look at it.
    pub zoom: u8,
    /// What the geometry is made of.
    pub geometry: GeometryKind,
    /// The id as `["id"]` gives it; null when there is none.
    pub id: ValueRef<'a>,
    /// The attributes.
    pub attributes: &'a Bindings,
}

/// Evaluates programs; its buffers serve one evaluation after another.
#[derive(Clone, Debug, Default)]
pub struct Evaluator {
    scratch: String,
    /// Values that wait for those beside them.
    stack: Vec<Bound>,
    variables: Vec<Outcome>,
}

/// A value, or why there is none; the error is apart so that success stays small.
pub(super) type Outcome = Result<Bound, Box<EvalError>>;

impl Evaluator {
    /// Returns the result of a program; a number may be infinite or NaN, which no tile can hold.
    ///
    /// # Errors
    ///
    /// When a step meets a value that it cannot use.
    pub fn value<'a>(
        &'a mut self,
        program: &'a Program,
        scope: &'a Scope<'_>,
    ) -> Result<ValueRef<'a>, Box<EvalError>> {
        let value = self.bound(program, scope)?;
        let text = value.span().map_or("", |span| match span.home() {
            Home::Scratch => &self.scratch[span.range()],
            home => &outer_text(program, scope, home)[span.range()],
        });
        Ok(value.with_text(text))
    }

    /// Returns the result of a program that stands where a boolean is asked for.
    ///
    /// # Errors
    ///
    /// When a step meets a value that it cannot use, or the result is no boolean.
    pub fn test(&mut self, program: &Program, scope: &Scope<'_>) -> Result<bool, Box<EvalError>> {
        let value = self.bound(program, scope)?;
        if let Bound::Bool(flag) = value {
            return Ok(flag);
        }
        let found = Run { program, scope, on: self }.type_of(value);
        Err(Box::new(EvalError::Type { expected: Type::Boolean, found }))
    }

    /// Returns the result of a program that stands where a number is asked for; infinite and NaN are numbers.
    ///
    /// # Errors
    ///
    /// When a step meets a value that it cannot use, or the result is no number.
    pub fn number(&mut self, program: &Program, scope: &Scope<'_>) -> Result<f64, Box<EvalError>> {
        let value = self.bound(program, scope)?;
        if let Some(number) = super::number::to_f64(value) {
            return Ok(number);
        }
        let found = Run { program, scope, on: self }.type_of(value);
        Err(Box::new(EvalError::Type { expected: Type::Number, found }))
    }

    /// Returns the result of a program, its text left where it lies.
    pub(super) fn bound(&mut self, program: &Program, scope: &Scope<'_>) -> Outcome {
        self.scratch.clear();
        self.stack.clear();
        if self.variables.len() < program.n_variables as usize {
            self.variables.resize(program.n_variables as usize, Ok(Bound::Null));
        }
        Run { program, scope, on: self }.value(program.root)
    }

    /// Returns the texts that the last evaluation made.
    pub(super) fn scratch(&self) -> &str {
        &self.scratch
    }
}

/// Returns a text that stands while the program runs.
fn outer_text<'a>(program: &'a Program, scope: &'a Scope<'_>, home: Home) -> &'a str {
    match home {
        Home::Program => &program.texts,
        Home::Feature => scope.attributes.texts(),
        Home::Id => bind(scope.id, Home::Id, 0).1,
        Home::Scratch => "",
    }
}

/// One evaluation.
struct Run<'a, 'e> {
    program: &'a Program,
    scope: &'a Scope<'a>,
    on: &'e mut Evaluator,
}

impl<'a> Run<'a, '_> {
    fn value(&mut self, operand: Operand) -> Outcome {
        match operand {
            Operand::Constant(constant) => Ok(self.program.constants[constant as usize]),
            Operand::Slot(slot) => Ok(self.scope.attributes.value(slot).unwrap_or(Bound::Null)),
            Operand::Variable(variable) => self.on.variables[variable as usize].clone(),
            Operand::Zoom => Ok(Bound::Int(i64::from(self.scope.zoom))),
            Operand::Step(step) => self.step(self.program.steps[step as usize]),
        }
    }

    fn step(&mut self, step: Step) -> Outcome {
        let operands = self.program.operands_of(step);
        match step.kind {
            Kind::Call(op) => self.call(op, operands),
            Kind::Has(slot) => Ok(Bound::Bool(self.scope.attributes.value(slot).is_some())),
            Kind::Match(table) => self.choose(table, operands),
            Kind::Case => self.case(operands),
            Kind::Step(stops) => self.stepped(stops, operands),
            Kind::Interpolate { base, stops } => self.interpolate(base, stops, operands),
            Kind::Let { first_variable } => self.bind(first_variable, operands),
            Kind::Array(array) => self.assert_array(array, operands[0]),
            Kind::Fail(failure) => Err(Box::new(self.program.failures[failure as usize].clone())),
        }
    }

    fn call(&mut self, op: Op, operands: &[Operand]) -> Outcome {
        match (op, operands) {
            (Op::Equal, [left, right]) => self.equal(*left, *right).map(Bound::Bool),
            (Op::NotEqual, [left, right]) => self.equal(*left, *right).map(|is_equal| Bound::Bool(!is_equal)),
            (Op::Less | Op::Greater | Op::LessOrEqual | Op::GreaterOrEqual, [left, right]) => {
                self.order(op, *left, *right)
            }
            (Op::All, _) => self.junction(op, true, operands),
            (Op::Any, _) => self.junction(op, false, operands),
            (Op::Not, [value]) => self.truth(op, *value).map(|flag| Bound::Bool(!flag)),
            (Op::Coalesce, _) => self.coalesce(operands),
            (Op::Id, _) => Ok(bind(self.scope.id, Home::Id, 0).0),
            (Op::GeometryType, _) => self.made(|scratch| scratch.push_str(self.scope.geometry.name())),
            (
                Op::Get | Op::Has | Op::At | Op::Length | Op::In | Op::IndexOf | Op::Slice | Op::Properties,
                _,
            ) => self.look_up(op, operands),
            (Op::Concat | Op::Downcase | Op::Upcase | Op::ToString, _) => self.written(op, operands),
            (Op::AssertBoolean | Op::AssertNumber | Op::AssertObject | Op::AssertString, _) => {
                self.asserted(op, operands)
            }
            (Op::TypeOf | Op::ToBoolean | Op::ToNumber, _) => self.converted(op, operands),
            _ => self.computed(op, operands),
        }
    }

    /// Returns the text of a place.
    fn text(&self, span: Span) -> &str {
        match span.home() {
            Home::Scratch => &self.on.scratch[span.range()],
            home => &outer_text(self.program, self.scope, home)[span.range()],
        }
    }

    /// Returns the bytes of a place; cheaper than its text.
    fn bytes(&self, span: Span) -> &[u8] {
        let text = match span.home() {
            Home::Scratch => &self.on.scratch,
            home => outer_text(self.program, self.scope, home),
        };
        &text.as_bytes()[span.range()]
    }

    /// Returns the text of a place that stands while the program runs.
    fn outer(&self, span: Span) -> Option<&'a str> {
        let text = outer_text(self.program, self.scope, span.home());
        (span.home() != Home::Scratch).then(|| &text[span.range()])
    }

    /// Makes a text at the end of the scratch.
    fn made(&mut self, write: impl FnOnce(&mut String)) -> Outcome {
        self.wrote(write).map(Bound::Text)
    }

    /// Writes to the end of the scratch; returns the place.
    fn wrote(&mut self, write: impl FnOnce(&mut String)) -> Result<Span, Box<EvalError>> {
        let start = self.on.scratch.len();
        write(&mut self.on.scratch);
        self.since(start)
    }

    /// Returns the place of all that was written since the scratch had `start` bytes.
    fn since(&self, start: usize) -> Result<Span, Box<EvalError>> {
        let end = self.on.scratch.len();
        if SCRATCH_BYTES_MAX < end {
            return Err(Box::new(EvalError::TooLong));
        }
        Ok(Span::new(Home::Scratch, start, end))
    }

    /// Returns the error of an operator that cannot use a value.
    #[cold]
    fn unusable(&self, op: Op, value: Bound) -> EvalError {
        EvalError::Argument { operator: op.name(), found: self.type_of(value) }
    }
}
