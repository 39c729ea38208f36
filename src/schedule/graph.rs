use std::collections::{BTreeSet, HashMap};

use crate::plan::{JobId, Plan, PlannedJob};

/// Which jobs wait for which: the part of a run's state that only counts.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// What jobs wait for. Those that wait for the same jobs, like all of a stage, share a gate,
    /// so that a large pipeline has no edge for each pair of jobs.
    gates: Vec<Gate>,
    /// For each job, the gates that wait for it.
    followers: Vec<Vec<usize>>,
    /// Jobs that wait for nothing and were not taken yet.
    ready: BTreeSet<JobId>,
    /// Jobs that were neither taken nor are ready.
    blocked: BTreeSet<JobId>,
}

/// Jobs that come after the same ones.
#[derive(Debug)]
struct Gate {
    jobs: Vec<JobId>,
    /// How many of those that they come after have not ended.
    open: usize,
}

impl Graph {
    /// Adds jobs, whose identifiers go on where those of the jobs before end.
    pub(super) fn add(&mut self, jobs: &[PlannedJob]) {
        self.followers.resize_with(self.followers.len() + jobs.len(), Vec::new);
        let mut shared: HashMap<*const JobId, usize> = HashMap::new();
        for job in jobs {
            if job.after.is_empty() {
                self.ready.insert(job.id);
                continue;
            }
            self.blocked.insert(job.id);
            let gate = *shared.entry(job.after.as_ptr()).or_insert_with(|| {
                let after: BTreeSet<JobId> = job.after.iter().copied().collect();
                let gate = self.gates.len();
                after.iter().for_each(|earlier| self.followers[earlier.0].push(gate));
                self.gates.push(Gate { jobs: vec![], open: after.len() });
                gate
            });
            self.gates[gate].jobs.push(job.id);
        }
    }

    /// Takes the first job, in the order of the plan, that waits for nothing.
    fn take_ready(&mut self) -> Option<JobId> {
        self.ready.pop_first()
    }

    /// The first job that waits for nothing and that a predicate wants.
    pub(super) fn first_ready(&self, wanted: impl Fn(JobId) -> bool) -> Option<JobId> {
        self.ready.iter().copied().find(|id| wanted(*id))
    }

    /// Takes a job that waits for nothing.
    pub(super) fn take(&mut self, id: JobId) {
        self.ready.remove(&id);
    }

    /// Notes that a job has ended.
    pub(super) fn ended(&mut self, job: JobId) {
        for &follower in &self.followers[job.0] {
            let gate = &mut self.gates[follower];
            gate.open -= 1;
            if gate.open == 0 {
                let jobs = gate.jobs.iter().filter(|job| self.blocked.remove(job));
                self.ready.extend(jobs);
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
    let mut graph = Graph::default();
    graph.add(&plan.jobs);
    while let Some(job) = graph.take_ready() {
        if !graph.ready.is_empty() {
            return false;
        }
        graph.ended(job);
    }
    true
}
