//! A checked expression to a program: names become slots, variables become numbers, labels become tables.
//!
//! In:     an [`Expression`]; the [`Names`] that all programs of a layer share.
//! Out:    a [`Program`], folded; it never fails, since what cannot be computed is left for run time.
//! Keeps:  the order of evaluation; nothing is evaluated that the written expression would not evaluate.

use std::sync::Arc;

use zellige_model::Value;

use super::bindings::Names;
use super::program::{Kind, Operand, Program, Table};
use super::value::{Home, store};
use super::{Expression, Label, Op, Term, TermId, fold};

/// Compiles an expression.
#[must_use]
pub fn compile(expression: &Expression, names: &mut Names) -> Program {
    let program = fold::fold(&lower(expression, names), names);
    if program.needs().computed_attributes {
        names.keep_all();
    }
    program
}

/// Returns the program as it was written.
pub(super) fn lower(expression: &Expression, names: &mut Names) -> Program {
    let mut lowering = Lowering {
        expression,
        names,
        program: Program::empty(),
        lowered: Vec::with_capacity(expression.nodes.len()),
        variables: vec![None; expression.nodes.len()],
    };
    lowering.number_variables();
    for node in &expression.nodes {
        let operand = lowering.lower(&node.term);
        lowering.lowered.push(operand);
    }
    let Lowering { mut program, lowered, .. } = lowering;
    program.root = lowered[lowered.len() - 1];
    program
}

struct Lowering<'e> {
    expression: &'e Expression,
    names: &'e mut Names,
    program: Program,
    /// What each term became.
    lowered: Vec<Operand>,
    /// The number of the variable that a term is the value of.
    variables: Vec<Option<u32>>,
}

impl Lowering<'_> {
    fn number_variables(&mut self) {
        for node in &self.expression.nodes {
            let Term::Let { values, .. } = &node.term else { continue };
            for value in values {
                self.variables[value.0 as usize] = Some(self.program.n_variables);
                self.program.n_variables += 1;
            }
        }
    }

    fn lower(&mut self, term: &Term) -> Operand {
        match term {
            Term::Literal(value) => self.constant(value),
            Term::Call { op, args } => self.call(*op, args),
            Term::Array { array, value } => self.push(Kind::Array(*array), [*value]),
            Term::Case { branches, otherwise } => {
                let terms = branches.iter().flat_map(|(condition, output)| [*condition, *output]);
                self.push(Kind::Case, terms.chain([*otherwise]))
            }
            Term::Match { input, branches, otherwise } => {
                let table = self.table(branches);
                let outputs = branches.iter().map(|(_, output)| *output);
                self.push(Kind::Match(table), [*input].into_iter().chain(outputs).chain([*otherwise]))
            }
            Term::Step { input, below, stops } => {
                let numbers = self.stops(stops);
                let outputs = stops.iter().map(|(_, output)| *output);
                self.push(Kind::Step(numbers), [*input, *below].into_iter().chain(outputs))
            }
            Term::Interpolate { base, input, stops } => {
                let kind = Kind::Interpolate { base: *base, stops: self.stops(stops) };
                let outputs = stops.iter().map(|(_, output)| *output);
                self.push(kind, [*input].into_iter().chain(outputs))
            }
            Term::Let { values, body } => {
                let first_variable = values.first().and_then(|value| self.variables[value.0 as usize]);
                let kind = Kind::Let { first_variable: first_variable.unwrap_or(0) };
                self.push(kind, values.iter().copied().chain([*body]))
            }
            Term::Var { value } => match (self.lowered[value.0 as usize], self.variables[value.0 as usize]) {
                (Operand::Step(_), Some(variable)) => Operand::Variable(variable),
                (ready, _) => ready,
            },
        }
    }

    fn call(&mut self, op: Op, args: &[TermId]) -> Operand {
        let name = args.first().and_then(|name| self.expression.text(*name));
        let of_feature = match args {
            [_] => true,
            // The attributes as an object need not be made to look one of them up.
            [_, object] => self.is_properties(*object),
            _ => false,
        };
        match (op, name) {
            (Op::Zoom, _) => Operand::Zoom,
            (Op::Get, Some(name)) if of_feature => Operand::Slot(self.names.intern(name)),
            (Op::Has, Some(name)) if of_feature => {
                let slot = self.names.intern(name);
                self.push(Kind::Has(slot), [])
            }
            (Op::Get | Op::Has, None) if of_feature => self.push(Kind::Call(op), args[..1].iter().copied()),
            _ => self.push(Kind::Call(op), args.iter().copied()),
        }
    }

    fn is_properties(&self, term: TermId) -> bool {
        matches!(self.expression.node(term).term, Term::Call { op: Op::Properties, .. })
    }

    fn push(&mut self, kind: Kind, terms: impl IntoIterator<Item = TermId>) -> Operand {
        let operands: Vec<Operand> = terms.into_iter().map(|term| self.lowered[term.0 as usize]).collect();
        self.program.push_step(kind, &operands)
    }

    fn constant(&mut self, value: &Value) -> Operand {
        let value = store(value.as_ref(), Home::Program, &mut self.program.texts);
        self.program.push_constant(value)
    }

    fn table(&mut self, branches: &[(Vec<Label>, TermId)]) -> u32 {
        let mut table = Table::default();
        for (output, (labels, _)) in branches.iter().enumerate() {
            for label in labels {
                match label {
                    Label::Text(text) => table.texts.insert(text.as_str().into(), output as u32),
                    Label::Integer(number) => table.numbers.insert(*number, output as u32),
                };
            }
        }
        self.program.tables.push(Arc::new(table));
        self.program.tables.len() as u32 - 1
    }

    fn stops(&mut self, stops: &[(f64, TermId)]) -> u32 {
        self.program.stops.push(stops.iter().map(|(stop, _)| *stop).collect());
        self.program.stops.len() as u32 - 1
    }
}
