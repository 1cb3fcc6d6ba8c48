//! Expressions from outside: through recipes, as users write them.

mod drawn;
mod oracle;
mod walk;
mod zoom;
