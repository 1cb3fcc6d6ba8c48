//! Expressions from outside: through recipes, as users write them.

mod drawn;
mod fuzz;
mod oracle;
mod walk;
mod zoom;
