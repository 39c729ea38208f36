//! The project directory, read through cap-std.
