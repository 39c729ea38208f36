use std::collections::BTreeSet;

use crate::plan::{JobId, Plan};

/// Which jobs wait for which: the part of a run's state that only counts.
#[derive(Debug)]
pub(super) struct Graph {
    /// For each job, the jobs that come after it.
    followers: Vec<Vec<JobId>>,
    /// For each job, how many of those it comes after have not ended.
    open: Vec<usize>,
    /// Jobs that wait for nothing and were not taken yet.
    ready: BTreeSet<JobId>,
    /// Jobs that were neither taken nor are ready.
    blocked: BTreeSet<JobId>,
}

impl Graph {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut followers = vec![Vec::new(); plan.jobs.len()];
        let mut open = vec![0; plan.jobs.len()];
        let (mut ready, mut blocked) = (BTreeSet::new(), BTreeSet::new());
        for job in &plan.jobs {
            let after: BTreeSet<JobId> = job.after.iter().copied().collect();
            open[job.id.0] = after.len();
            if after.is_empty() { &mut ready } else { &mut blocked }.insert(job.id);
            for earlier in after {
                followers[earlier.0].push(job.id);
            }
        }
        Self { followers, open, ready, blocked }
    }

    /// Takes the first job, in the order of the plan, that waits for nothing.
    fn take_ready(&mut self) -> Option<JobId> {
        self.ready.pop_first()
    }

    /// Takes the first job that waits for nothing and that a predicate wants.
    pub(super) fn take_ready_if(&mut self, wanted: impl Fn(JobId) -> bool) -> Option<JobId> {
        let id = self.ready.iter().copied().find(|id| wanted(*id))?;
        self.ready.remove(&id);
        Some(id)
    }

    /// Notes that a job has ended.
    pub(super) fn ended(&mut self, job: JobId) {
        for &follower in &self.followers[job.0] {
            self.open[follower.0] -= 1;
            if self.open[follower.0] == 0 && self.blocked.remove(&follower) {
                self.ready.insert(follower);
            }
        }
    }

    /// Takes the first job that was not taken yet, ready or not.
    pub(super) fn take_any(&mut self) -> Option<JobId> {
        self.ready.pop_first().or_else(|| self.blocked.pop_first())
    }
}

/// Whether every job comes after every job before it, so that no two can run at the same time.
pub(super) fn is_chain(plan: &Plan) -> bool {
    let mut graph = Graph::new(plan);
    while let Some(job) = graph.take_ready() {
        if !graph.ready.is_empty() {
            return false;
        }
        graph.ended(job);
    }
    true
}
