mod cancel;
mod children;
mod fake;
mod order;
mod outcomes;
mod properties;
mod retries;
