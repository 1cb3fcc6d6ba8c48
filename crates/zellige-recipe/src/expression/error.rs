//! Why an expression could not be evaluated.

use super::Type;

/// An expression met a value that it cannot use; the texts are those of jobs (recipe 3.6).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// An order comparison of anything but two numbers or two texts.
    #[error("[expression] {operator} operator can not compare values of type '{left}' and '{right}'")]
    Compare {
        /// The operator in words, such as `less than`.
        operator: &'static str,
        /// The type of the first value.
        left: String,
        /// The type of the second value.
        right: String,
    },
    /// An argument of a type that the operator does not take.
    #[error("[expression] {operator} operator can not use a value of type '{found}'")]
    Argument {
        /// The operator as recipes spell it.
        operator: &'static str,
        /// The type of the argument.
        found: String,
    },
    /// A condition of `case` that is not a boolean.
    #[error("[expression] case condition must be 'boolean' but is '{found}'")]
    Condition {
        /// The type of the condition.
        found: String,
    },
    /// `at` outside of the array.
    #[error("[expression] at index {index} is out of bounds of an array of length {length}")]
    OutOfBounds {
        /// The index asked for.
        index: f64,
        /// The number of elements.
        length: usize,
    },
    /// `at` with a fraction.
    #[error("[expression] at index {index} is not a whole number")]
    NotWhole {
        /// The index asked for.
        index: f64,
    },
    /// `to-number` of something that is no number.
    #[error("[expression] could not convert {value} to number")]
    Convert {
        /// The value as JSON, cut off when it is long.
        value: String,
    },
    /// An assertion, or the place of the expression, asks for another type.
    #[error("[expression] expected value to be of type '{expected}' but found '{found}'")]
    Type {
        /// The type asked for.
        expected: Type,
        /// The type that was there.
        found: String,
    },
    /// A stop is looked for with NaN.
    #[error("[expression] {operator} input is not a number")]
    NotANumber {
        /// The operator as recipes spell it.
        operator: &'static str,
    },
    /// The texts that one evaluation makes exceed [`SCRATCH_BYTES_MAX`](super::SCRATCH_BYTES_MAX).
    #[error("[expression] texts made for one feature exceed {} bytes", super::SCRATCH_BYTES_MAX)]
    TooLong,
}
