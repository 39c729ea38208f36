//! Which pipelines a run has, and whose artifacts their jobs can get.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::plan::{LeftOut, LeftOutReason, Plan};

/// The pipelines of a run.
#[derive(Debug, Default)]
pub(super) struct Pipelines {
    list: Vec<Pipeline>,
    /// The place of each job's pipeline.
    of_job: HashMap<String, usize>,
    /// The jobs that run this time.
    running: HashSet<String>,
}

/// What is known of one.
#[derive(Debug)]
pub(super) struct Pipeline {
    id: u64,
    /// The pipelines that it is a child of.
    upstream: Vec<u64>,
    /// Variables over which nothing that a job reports has precedence.
    pub(super) fixed: Arc<BTreeSet<String>>,
    /// Jobs with artifacts in the order of their stages, each with its stage's place.
    producers: Vec<(usize, String)>,
    stages: HashMap<String, usize>,
    /// What its jobs are called in the run, if that is not what they are called in the file.
    names: BTreeMap<String, String>,
}

impl Pipelines {
    pub(super) fn add(&mut self, plan: &Plan) {
        let stages: HashMap<String, usize> =
            plan.stage_order.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        // What was not asked for this time may have left something earlier.
        let not_asked = |left: &&LeftOut| left.reason == LeftOutReason::NotSelected;
        let others = plan.left_out.iter().filter(not_asked).map(|left| &left.job);
        let mut producers: Vec<(usize, String)> = plan
            .jobs
            .iter()
            .chain(others)
            .filter(|job| job.settings.gives())
            .map(|job| (stages.get(&job.stage).copied().unwrap_or(0), job.name.clone()))
            .collect();
        producers.sort_by_key(|(stage, _)| *stage);
        for job in &plan.jobs {
            self.of_job.insert(job.name.clone(), self.list.len());
            self.running.insert(job.name.clone());
        }
        self.list.push(Pipeline {
            id: plan.pipeline_id,
            upstream: plan.upstream.clone(),
            fixed: Arc::new(plan.given.clone()),
            producers,
            stages,
            names: plan.run_names.clone(),
        });
    }

    /// The pipeline of a job that runs.
    pub(super) fn of(&self, job: &str) -> Option<&Pipeline> {
        self.of_job.get(job).map(|index| &self.list[*index])
    }

    /// Whether a job runs this time.
    pub(super) fn running(&self, job: &str) -> bool {
        self.running.contains(job)
    }

    /// What a job of a pipeline that `own` is a child of is called in the run; none if `own` is no
    /// child.
    ///
    /// # Errors
    /// If there is no such pipeline above it.
    pub(super) fn upstream<'n>(
        &'n self,
        own: &Pipeline,
        pipeline: &str,
        job: &'n str,
    ) -> Result<Option<&'n str>, String> {
        if own.upstream.is_empty() {
            return Ok(None);
        }
        let id = pipeline.trim().parse().ok().filter(|id| own.upstream.contains(id));
        let found = self.list.iter().find(|known| Some(known.id) == id).ok_or_else(|| {
            format!(
                "`needs:pipeline:job`: {pipeline:?} is no pipeline that this one is a child of; \
                 hand over its identifier with `variables` of the trigger job: \
                 `PARENT_PIPELINE_ID: $CI_PIPELINE_ID`"
            )
        })?;
        Ok(Some(found.names.get(job).map_or(job, String::as_str)))
    }
}

impl Pipeline {
    /// The jobs with artifacts in the stages before one.
    pub(super) fn earlier(&self, stage: &str) -> impl Iterator<Item = &str> {
        let own = self.stages.get(stage).copied().unwrap_or(0);
        let earlier = self.producers.iter().filter(move |(stage, _)| *stage < own);
        earlier.map(|(_, name)| name.as_str())
    }
}
