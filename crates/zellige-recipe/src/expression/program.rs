//! An expression made ready to run: steps in a flat list, their operands ready at hand.
//!
//! In:     what [`compile`](super::compile()) lowers and folds.
//! Out:    a [`Program`]; programs of one zoom by [`Program::at_zoom`].
//! Keeps:  every step behind the steps it uses; what cannot be computed yet is computed at run time.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use zellige_model::Value;

use super::bindings::Slot;
use super::error::EvalError;
use super::value::{Bound, Home};
use super::{ArrayType, Op, number};

/// A compiled expression; it runs on an [`Evaluator`](super::Evaluator).
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    pub(super) steps: Vec<Step>,
    /// The operands of all steps, one step after another.
    pub(super) operands: Vec<Operand>,
    pub(super) constants: Vec<Bound>,
    /// The texts of the constants.
    pub(super) texts: String,
    /// What steps of [`Kind::Fail`] raise.
    pub(super) failures: Vec<EvalError>,
    pub(super) tables: Vec<Arc<Table>>,
    pub(super) stops: Vec<Arc<[f64]>>,
    pub(super) n_variables: u32,
    pub(super) root: Operand,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    /// The constant of this number.
    Constant(u32),
    /// An attribute; null when it is absent.
    Slot(Slot),
    /// A value that `let` has bound.
    Variable(u32),
    /// The zoom.
    Zoom,
    /// The step of this number.
    Step(u32),
}

/// One step: what is done, and the place of its operands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub kind: Kind,
    pub first: u32,
    pub n_operands: u32,
}

/// What a step does with its operands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Raises the failure of this number.
    Fail(u32),
    /// Applies an operator to all operands; decisions take as many as they need.
    Call(Op),
    /// Whether an attribute is there.
    Has(Slot),
    /// Asserts an array.
    Array(ArrayType),
    /// Condition, output, …, fallback.
    Case,
    /// Input, outputs, fallback; the table of this number says which.
    Match(u32),
    /// Input, output below all stops, outputs; the stops of this number say which.
    Step(u32),
    /// Input, outputs.
    Interpolate { base: f64, stops: u32 },
    /// Values, body; the values become the variables from this number on.
    Let { first_variable: u32 },
}

/// The labels of a `match`, each with the number of its output.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub texts: FxHashMap<Box<str>, u32>,
    pub numbers: FxHashMap<i64, u32>,
}

/// What a program asks of its surroundings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent questions, asked by name")]
pub struct Needs {
    /// The zoom.
    pub zoom: bool,
    /// These attributes, ascending, each once.
    pub attributes: Vec<Slot>,
    /// Attributes whose names are known only at run time, or all of them.
    pub computed_attributes: bool,
    /// The id of the feature.
    pub id: bool,
    /// The kind of its geometry.
    pub geometry_type: bool,
}

impl Needs {
    /// Whether the result is the same for all features.
    #[must_use]
    pub const fn is_without_feature(&self) -> bool {
        self.attributes.is_empty() && !self.computed_attributes && !self.id && !self.geometry_type
    }
}

impl Program {
    /// Returns a program without any step.
    pub(super) const fn empty() -> Self {
        Self {
            steps: Vec::new(),
            operands: Vec::new(),
            constants: Vec::new(),
            texts: String::new(),
            failures: Vec::new(),
            tables: Vec::new(),
            stops: Vec::new(),
            n_variables: 0,
            root: Operand::Zoom,
        }
    }

    /// Returns the program with everything computed that depends on nothing but the zoom.
    #[must_use]
    pub fn at_zoom(&self, zoom: u8) -> Self {
        super::fold::at_zoom(self, zoom)
    }

    /// Returns the result, when it depends on nothing and can be computed; numbers may be infinite or NaN.
    #[must_use]
    pub fn constant(&self) -> Option<Value> {
        let Operand::Constant(constant) = self.root else { return None };
        let value = self.constants[constant as usize];
        let text = value.span().map_or("", |span| &self.texts[span.range()]);
        Some(value.with_text(text).to_owned())
    }

    /// Returns what the program asks for.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for operand in self.operands.iter().chain([&self.root]) {
            match operand {
                Operand::Slot(slot) => needs.attributes.push(*slot),
                Operand::Zoom => needs.zoom = true,
                Operand::Constant(_) | Operand::Variable(_) | Operand::Step(_) => {}
            }
        }
        for step in &self.steps {
            match step.kind {
                Kind::Has(slot) => needs.attributes.push(slot),
                Kind::Call(Op::Id) => needs.id = true,
                Kind::Call(Op::GeometryType) => needs.geometry_type = true,
                Kind::Call(Op::Properties) => needs.computed_attributes = true,
                Kind::Call(Op::Get | Op::Has) if step.n_operands == 1 => needs.computed_attributes = true,
                _ => {}
            }
        }
        needs.attributes.sort_unstable();
        needs.attributes.dedup();
        needs
    }

    /// Returns the operands of a step.
    pub(super) fn operands_of(&self, step: Step) -> &[Operand] {
        &self.operands[step.first as usize..][..step.n_operands as usize]
    }

    /// Appends a step behind all others.
    pub(super) fn push_step(&mut self, kind: Kind, operands: &[Operand]) -> Operand {
        let first = self.operands.len() as u32;
        self.operands.extend_from_slice(operands);
        self.steps.push(Step { kind, first, n_operands: operands.len() as u32 });
        Operand::Step(self.steps.len() as u32 - 1)
    }

    /// Appends a constant whose text, if any, lies in the texts of this program.
    pub(super) fn push_constant(&mut self, value: Bound) -> Operand {
        debug_assert!(value.span().is_none_or(|span| span.home() == Home::Program));
        self.constants.push(value);
        Operand::Constant(self.constants.len() as u32 - 1)
    }

    /// Returns the value of an operand that is a constant.
    pub(super) fn constant_of(&self, operand: Operand) -> Option<Bound> {
        if let Operand::Constant(constant) = operand { Some(self.constants[constant as usize]) } else { None }
    }
}

impl Table {
    /// Returns the number of the output for a value; its text stands beside it.
    pub(super) fn find(&self, value: Bound, text: &str) -> Option<usize> {
        let output = match value {
            Bound::Text(_) => self.texts.get(text),
            value => number::to_label(value).and_then(|label| self.numbers.get(&label)),
        };
        output.map(|output| *output as usize)
    }
}

/// Returns the number of stops that are not above `input`, which is not NaN.
pub(super) fn stops_up_to(stops: &[f64], input: f64) -> usize {
    stops.partition_point(|stop| *stop <= input)
}
