//! Expressions of recipes: read and typed, then compiled and run.
//!
//! ```text
//! JSON ── parse, types ──► Expression ── compile, fold ──► Program ── at_zoom ──► Program ── eval ──► value
//! ```
//!
//! In:     a JSON value of the recipe and the type that its place asks for.
//! Out:    an [`Expression`], every node after the nodes it uses; or the first fault, left to right.
//! Keeps:  what was written: nothing is folded or reordered before [`compile`](compile()).
//! Source: recipe 3; the parser of Mapbox GL expressions for the texts of faults.

use zellige_model::Value;

use crate::raw::NodeId;

mod parse;
mod arguments;
mod types;
mod compile;
mod fold;
mod program;
mod bindings;
mod value;
mod eval;
mod number;
mod json;
mod elements;
mod error;

pub use bindings::{Bindings, Names, Slot};
pub use compile::compile;
pub use elements::element_or_last;
pub use error::EvalError;
pub use eval::{Evaluator, SCRATCH_BYTES_MAX, Scope};
pub(crate) use parse::parse;
pub use program::{Needs, Program};
pub use types::{ArrayType, Item, Op, Type};

/// A checked expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    nodes: Vec<Node>,
}

/// The number of a step in its expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(u32);

/// One step of an expression, with its type and the place where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is done.
    pub term: Term,
    /// The type of the result, as far as it is certain.
    pub result: Type,
    /// The JSON value that it was read from.
    pub origin: NodeId,
}

/// What one step does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Term {
    /// Gives a constant; arrays and objects are JSON text without spaces.
    Literal(Value),
    /// Applies an operator to its arguments; the number of arguments is legal for it.
    Call {
        /// The operator.
        op: Op,
        /// The arguments in order.
        args: Vec<TermId>,
    },
    /// Asserts an array.
    Array {
        /// The type and length that are asserted.
        array: ArrayType,
        /// The value that should be an array.
        value: TermId,
    },
    /// Gives the output of the first condition that is true.
    Case {
        /// Conditions and outputs.
        branches: Vec<(TermId, TermId)>,
        /// The output when no condition is true.
        otherwise: TermId,
    },
    /// Gives the output beside the label that equals the input.
    Match {
        /// The value that is looked for.
        input: TermId,
        /// Labels and outputs; labels are all of one type and each stands once.
        branches: Vec<(Vec<Label>, TermId)>,
        /// The output when no label fits.
        otherwise: TermId,
    },
    /// Gives the output of the last stop that is not above the input.
    Step {
        /// The number that is looked for.
        input: TermId,
        /// The output below the first stop.
        below: TermId,
        /// Stops, ascending, and their outputs.
        stops: Vec<(f64, TermId)>,
    },
    /// Gives a number between the outputs of the stops around the input.
    Interpolate {
        /// How fast the output grows from stop to stop; 1 is linear.
        base: f64,
        /// The number that is looked for.
        input: TermId,
        /// Stops, ascending, and their outputs.
        stops: Vec<(f64, TermId)>,
    },
    /// Binds names and gives its body.
    Let {
        /// The bound values in order.
        values: Vec<TermId>,
        /// The result.
        body: TermId,
    },
    /// Gives a bound value.
    Var {
        /// The step that made the value.
        value: TermId,
    },
}

/// A label of `match`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A whole number within ±(2^53 − 1).
    Integer(i64),
    /// A text.
    Text(String),
}

impl Expression {
    /// Returns all nodes; the last one gives the result, and each stands behind those it uses.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the node of a step.
    #[must_use]
    pub fn node(&self, step: TermId) -> &Node {
        &self.nodes[step.0 as usize]
    }

    /// Returns the node that gives the result.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.nodes[self.nodes.len() - 1]
    }

    /// Returns the value of an expression that is a constant as it was written.
    #[must_use]
    pub fn literal(&self) -> Option<&Value> {
        if let Term::Literal(value) = &self.root().term { Some(value) } else { None }
    }

    /// Whether the result may depend on the zoom.
    #[must_use]
    pub fn uses_zoom(&self) -> bool {
        self.calls().any(|(op, _)| op == Op::Zoom)
    }

    /// Whether the result may depend on the feature: its id, its kind or its attributes.
    #[must_use]
    pub fn uses_feature(&self) -> bool {
        self.calls().any(|(op, args)| match op {
            Op::Id | Op::GeometryType | Op::Properties => true,
            Op::Get | Op::Has => args.len() == 1,
            _ => false,
        })
    }

    /// Returns the attributes of the feature that are asked for by a constant name.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.calls().filter_map(|(op, args)| match (op, args) {
            (Op::Get | Op::Has, [name]) => self.text(*name),
            _ => None,
        })
    }

    /// Returns the text of a step that is a constant text.
    #[must_use]
    pub fn text(&self, step: TermId) -> Option<&str> {
        if let Term::Literal(Value::String(text)) = &self.node(step).term { Some(text) } else { None }
    }

    fn calls(&self) -> impl Iterator<Item = (Op, &[TermId])> {
        self.nodes.iter().filter_map(|node| match &node.term {
            Term::Call { op, args } => Some((*op, args.as_slice())),
            _ => None,
        })
    }
}

/// Returns a number that is a constant.
#[must_use]
pub(crate) fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::UInt(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        _ => None,
    }
}
