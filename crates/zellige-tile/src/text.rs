//! A tile as text.
