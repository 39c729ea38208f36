mod cancel;
mod fake;
mod order;
mod outcomes;
mod properties;
mod retries;
