//! `Pipeline` + context → an ordered, concrete job graph. Pure.

mod build;
mod context;
mod decide;
mod environment;
mod expand;
mod explain;
mod graph;
mod known;
mod layers;
mod model;
mod predefined;
mod selection;
mod settings;
mod shared;
mod slug;
mod trigger;
mod variables;

pub use build::build;
pub use context::{Context, GitFacts, Manual, Upstream, User};
pub use explain::{Explanation, Judged, Origin, Verdict, explain};
pub use known::documentation as variables_documentation;
pub use layers::Environment;
pub use model::{
    AllowFailure, JobId, LeftOut, LeftOutReason, Plan, PlannedJob, ScriptEntry, Stage, When,
};
pub use predefined::of_includes;
pub use selection::{Selection, SelectionError};
pub use settings::{
    Artifacts, Cache, CacheKey, CachePolicy, ExpireIn, KeepWhen, OfUpstream, Report, Retry,
    RetryReason, Settings, Takes,
};
pub use trigger::{
    Generated, MAX_DEPTH, MAX_PIPELINES, Strategy, Trigger, check_child, child_name, name_inside,
};
