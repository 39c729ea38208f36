//! The jobs that `parallel` makes of one, as `greenroom explain` shows them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::plan::{LeftOutReason, Plan, PlannedJob};

/// More jobs than these are only counted.
const MAX_SHOWN: usize = 50;

/// A group of parallel jobs.
pub(super) struct Group<'p> {
    members: Vec<Member<'p>>,
}

struct Member<'p> {
    job: &'p PlannedJob,
    reason: Option<&'p LeftOutReason>,
    /// The variables in which it differs from others of the group, predefined ones apart.
    own: Vec<(&'p str, &'p str)>,
}

impl<'p> Group<'p> {
    /// The group of this name.
    pub(super) fn of(plan: &'p Plan, name: &str) -> Option<Self> {
        let names: BTreeSet<&String> = plan.groups.get(name)?.iter().collect();
        let runs = plan.jobs.iter().map(|job| (job, None));
        let left = plan.left_out.iter().map(|left| (&left.job, Some(&left.reason)));
        let found: Vec<_> = runs.chain(left).filter(|(job, _)| names.contains(&job.name)).collect();
        let differs = |name: &str, value: &str| {
            !name.starts_with("CI_")
                && found.iter().any(|(job, _)| job.variables.get(name) != Some(value))
        };
        let members = found
            .iter()
            .map(|&(job, reason)| {
                let own = job.variables.iter().filter(|(name, value)| differs(name, value));
                Member { job, reason, own: own.collect() }
            })
            .collect();
        Some(Self { members })
    }

    /// A row for each job: its name, what is different about it, and whether it runs.
    pub(super) fn rows(&self) -> Vec<[String; 3]> {
        let row = |member: &Member<'_>| {
            let own = member.own.iter().map(|(name, value)| format!("{name}={value}"));
            let state = match member.reason {
                Some(reason) => format!("does not run: {reason}"),
                None => "runs".to_owned(),
            };
            [member.job.name.clone(), own.collect::<Vec<_>>().join(" "), state]
        };
        let mut rows: Vec<[String; 3]> = self.members.iter().take(MAX_SHOWN).map(row).collect();
        if let Some(more) = self.members.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
            rows.push([format!("and {more} more"), String::new(), String::new()]);
        }
        rows
    }

    /// The same for programs.
    pub(super) fn json(&self) -> Vec<Value> {
        let member = |member: &Member<'_>| {
            json!({
                "name": member.job.name,
                "runs": member.reason.is_none(),
                "reason": member.reason.map(LeftOutReason::to_string),
                "variables": member.own.iter().map(|(name, value)| json!({
                    "name": name,
                    "value": super::masked(value),
                })).collect::<Vec<_>>(),
            })
        };
        self.members.iter().map(member).collect()
    }
}
