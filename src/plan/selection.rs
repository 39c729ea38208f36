//! Running only a part of a plan.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{JobId, LeftOut, LeftOutReason, Plan, PlannedJob, name_inside};
use crate::diagnostic::similar;

/// Which jobs a user asked for. Nothing at all asks for the whole plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Jobs by name. One that the plan leaves out runs all the same, because somebody named it.
    pub jobs: Vec<String>,
    /// The jobs of these stages that the plan runs.
    pub stages: Vec<String>,
    /// Of these, only this job and what comes after it, or this stage and later ones.
    pub from: Option<String>,
    /// Jobs that are done already and need not run again.
    pub done: Vec<String>,
}

/// A selection that fits no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// There is no such job.
    #[error("there is no job named `{name}`")]
    UnknownJob {
        /// The name asked for.
        name: String,
        /// A similar one that exists.
        suggestion: Option<String>,
    },
    /// There is no such stage, or it has no jobs.
    #[error("there is no stage named `{name}` with jobs to run")]
    UnknownStage {
        /// The name asked for.
        name: String,
        /// A similar one that exists.
        suggestion: Option<String>,
    },
    /// There is neither a job nor a stage of this name that runs.
    #[error("there is no job and no stage named `{name}` to begin with")]
    UnknownStart {
        /// The name asked for.
        name: String,
        /// A similar one that exists.
        suggestion: Option<String>,
    },
    /// The job cannot run, whoever names it.
    #[error("the job `{name}` cannot run here: {reason}")]
    NotRunnable {
        /// The name asked for.
        name: String,
        /// Why.
        reason: LeftOutReason,
    },
}

impl Selection {
    /// What is asked for of the child pipeline of a job, whose jobs are called `TRIGGER / JOB`: all
    /// of it if the job itself is asked for.
    #[must_use]
    pub fn inside(&self, trigger: &str) -> Self {
        let names = |names: &[String]| -> Vec<String> {
            names.iter().filter_map(|name| name_inside(trigger, name)).map(str::to_owned).collect()
        };
        let whole = self.jobs.iter().any(|name| name == trigger);
        Self {
            jobs: if whole { vec![] } else { names(&self.jobs) },
            stages: vec![],
            from: self
                .from
                .as_deref()
                .and_then(|from| name_inside(trigger, from))
                .map(str::to_owned),
            done: names(&self.done),
        }
    }
}

impl Plan {
    /// The trigger job whose child pipeline a job of this name would be of.
    pub fn trigger_of(&self, name: &str) -> Option<&PlannedJob> {
        self.all_jobs().find(|job| {
            job.trigger.is_some()
                && name_inside(&job.name, name).is_some_and(|rest| !rest.is_empty())
        })
    }

    /// The plan with only the jobs that were asked for, in their order. What they need but nobody
    /// asked for does not run; see [`Plan::unmet_needs`].
    ///
    /// # Errors
    /// If a name fits no job or no stage, or a named job has nothing to run.
    pub fn select(&self, selection: &Selection) -> Result<Self, SelectionError> {
        if *selection == Selection::default() {
            return Ok(self.clone());
        }
        let mut chosen = if selection.jobs.is_empty() && selection.stages.is_empty() {
            self.jobs.iter().map(|job| job.name.as_str()).collect()
        } else {
            self.chosen(selection)?
        };
        if let Some(from) = &selection.from {
            let later = self.later(from)?;
            chosen.retain(|name| later.contains(name));
        }
        for done in &selection.done {
            chosen.remove(done.as_str());
        }
        Ok(self.restricted_to(&chosen))
    }

    /// The needs of the plan's jobs that are not in the plan: each job with what it lacks.
    pub fn unmet_needs(&self) -> impl Iterator<Item = (&PlannedJob, &str)> {
        let names: HashSet<&str> = self.jobs.iter().map(|job| job.name.as_str()).collect();
        self.jobs.iter().flat_map(move |job| {
            let unmet: Vec<&str> = job
                .needs
                .iter()
                .flatten()
                .map(String::as_str)
                .filter(|name| !names.contains(name))
                .collect();
            unmet.into_iter().map(move |name| (job, name))
        })
    }

    fn chosen(&self, selection: &Selection) -> Result<HashSet<&str>, SelectionError> {
        let mut chosen = HashSet::new();
        for name in &selection.jobs {
            let group = self.groups.get(name).map(Vec::as_slice).unwrap_or_default();
            let named: Vec<&PlannedJob> = self
                .all_jobs()
                .filter(|job| job.name == *name || group.contains(&job.name))
                .collect();
            if let (true, Some(trigger)) = (named.is_empty(), self.trigger_of(name)) {
                chosen.insert(trigger.name.as_str());
                continue;
            }
            if named.is_empty() {
                let names = self.all_jobs().map(|job| job.name.as_str());
                let suggestion = similar(name, names).map(str::to_owned);
                return Err(SelectionError::UnknownJob { name: name.clone(), suggestion });
            }
            for job in named {
                if let Some(reason @ LeftOutReason::OtherProject { .. }) = self.reason(&job.name) {
                    let reason = reason.clone();
                    return Err(SelectionError::NotRunnable { name: name.clone(), reason });
                }
                chosen.insert(job.name.as_str());
            }
        }
        for name in &selection.stages {
            let Some(stage) = self.stages.iter().find(|stage| stage.name == *name) else {
                let names = self.stages.iter().map(|stage| stage.name.as_str());
                let suggestion = similar(name, names).map(str::to_owned);
                return Err(SelectionError::UnknownStage { name: name.clone(), suggestion });
            };
            chosen.extend(stage.jobs.iter().map(|id| self.job(*id).name.as_str()));
        }
        Ok(chosen)
    }

    /// A job, or the jobs of a stage, with all that comes after.
    fn later(&self, from: &str) -> Result<HashSet<&str>, SelectionError> {
        let group = self.groups.get(from).map(Vec::as_slice).unwrap_or_default();
        let named = |job: &&PlannedJob| job.name == from || group.contains(&job.name);
        let mut later: HashSet<JobId> = self.jobs.iter().filter(named).map(|job| job.id).collect();
        if later.is_empty() {
            let trigger = self.trigger_of(from).map(|job| &job.name);
            later.extend(self.jobs.iter().filter(|job| Some(&job.name) == trigger).map(|j| j.id));
        }
        if later.is_empty() {
            let order = |name: &str| self.stage_order.iter().position(|stage| stage == name);
            let Some(first) = order(from).filter(|_| self.stages.iter().any(|s| s.name == from))
            else {
                let jobs = self.jobs.iter().map(|job| job.name.as_str());
                let names = jobs.chain(self.stages.iter().map(|stage| stage.name.as_str()));
                let suggestion = similar(from, names).map(str::to_owned);
                return Err(SelectionError::UnknownStart { name: from.to_owned(), suggestion });
            };
            let jobs = self.jobs.iter().filter(|job| order(&job.stage) >= Some(first));
            return Ok(jobs.map(|job| job.name.as_str()).collect());
        }
        // Not every job comes after those of its plan that stand before it: needs may lead to jobs
        // of the same stage, in any order. So it is repeated until nothing is added.
        loop {
            let before = later.len();
            for job in &self.jobs {
                if job.after.iter().any(|id| later.contains(id)) {
                    later.insert(job.id);
                }
            }
            if later.len() == before {
                break;
            }
        }
        Ok(later.into_iter().map(|id| self.job(id).name.as_str()).collect())
    }

    fn all_jobs(&self) -> impl Iterator<Item = &PlannedJob> {
        self.jobs.iter().chain(self.left_out.iter().map(|left| &left.job))
    }

    fn reason(&self, name: &str) -> Option<&LeftOutReason> {
        self.left_out.iter().find(|left| left.job.name == name).map(|left| &left.reason)
    }

    fn restricted_to(&self, chosen: &HashSet<&str>) -> Self {
        let stage_index: HashMap<&str, usize> =
            self.stage_order.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let stage_of = |job: &PlannedJob| stage_index.get(job.stage.as_str()).copied();
        let mut jobs: Vec<PlannedJob> = Vec::new();
        let mut left_out = Vec::new();
        for job in &self.jobs {
            if chosen.contains(job.name.as_str()) {
                jobs.push(job.clone());
            } else {
                left_out.push(LeftOut { job: job.clone(), reason: LeftOutReason::NotSelected });
            }
        }
        for left in &self.left_out {
            if chosen.contains(left.job.name.as_str()) {
                jobs.push(left.job.clone());
            } else {
                left_out.push(left.clone());
            }
        }
        jobs.sort_by_key(stage_of);
        for (index, job) in jobs.iter_mut().enumerate() {
            job.id = JobId(index);
        }
        let order = Order {
            all: self.all_jobs().map(|job| (job.name.as_str(), job)).collect(),
            chosen: jobs.iter().map(|job| (job.name.as_str(), (job.id, stage_of(job)))).collect(),
            stage_index: &stage_index,
        };
        let mut of_stages: HashMap<String, Arc<[JobId]>> = HashMap::new();
        let after: Vec<Arc<[JobId]>> = jobs
            .iter()
            .map(|job| match (&job.needs, of_stages.get(&job.stage)) {
                (None, Some(after)) => Arc::clone(after),
                (None, None) => {
                    let after: Arc<[JobId]> = order.after(job).into();
                    of_stages.insert(job.stage.clone(), Arc::clone(&after));
                    after
                }
                (Some(_), _) => order.after(job).into(),
            })
            .collect();
        for (job, after) in jobs.iter_mut().zip(after) {
            job.after = after;
        }
        let mut plan = Self {
            jobs,
            left_out,
            stages: vec![],
            stage_order: self.stage_order.clone(),
            groups: self.groups.clone(),
            partial: true,
            pipeline_id: self.pipeline_id,
            upstream: self.upstream.clone(),
            given: self.given.clone(),
            run_names: self.run_names.clone(),
        };
        plan.fill_stages();
        plan
    }
}

/// Finds out what a chosen job comes after, through jobs that were not chosen.
struct Order<'a> {
    all: HashMap<&'a str, &'a PlannedJob>,
    chosen: HashMap<&'a str, (JobId, Option<usize>)>,
    stage_index: &'a HashMap<&'a str, usize>,
}

impl Order<'_> {
    fn after(&self, job: &PlannedJob) -> Vec<JobId> {
        let mut after = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut open = vec![job.name.as_str()];
        while let Some(name) = open.pop() {
            let Some(job) = self.all.get(name) else { continue };
            let Some(needs) = &job.needs else {
                let stage = self.stage_index.get(job.stage.as_str()).copied();
                let earlier = self.chosen.values().filter(|(_, other)| *other < stage);
                after.extend(earlier.map(|(id, _)| *id));
                continue;
            };
            for need in needs {
                match self.chosen.get(need.as_str()) {
                    Some((id, _)) => {
                        after.insert(*id);
                    }
                    None if seen.insert(need.as_str()) => open.push(need),
                    None => {}
                }
            }
        }
        after.into_iter().collect()
    }
}
