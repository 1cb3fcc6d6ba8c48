//! Texts that nobody meant as recipes.

mod fuzz;
mod hostile;
