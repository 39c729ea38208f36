//! From text to a plan, and the scheduler on its own: 5,000 and 10,000 jobs that do nothing, in
//! stages or with needs.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use greenroom::diagnostic::Diagnostics;
use greenroom::event::StepOutcome;
use greenroom::mask::Mask;
use greenroom::pipeline::{LoadError, Loader};
use greenroom::plan::{Context, Plan, PlannedJob};
use greenroom::schedule::{
    CancelSwitch, Executor, JobLog, JobSandbox, NotLoadable, Options, ScriptRun, Stop,
};
use greenroom::{pipeline, plan, schedule};
use tokio::sync::mpsc;

/// A project of one file.
struct Text(String);

impl Loader for Text {
    fn load(&self, _path: &str, _limit: u64) -> Result<Vec<u8>, LoadError> {
        Ok(self.0.clone().into_bytes())
    }
}

/// A pipeline of so many jobs in ten stages, all of which extend another. With needs, each needs three
/// of the stage before its own.
fn text(jobs: usize, needs: bool) -> Text {
    let mut text = "stages: [s0, s1, s2, s3, s4, s5, s6, s7, s8, s9]\n\
        variables:\n  LEVEL: one\n\
        .base:\n  variables:\n    MODE: fast\n  before_script: [prepare]\n"
        .to_owned();
    for job in 0..jobs {
        let stage = job * 10 / jobs;
        text += &format!(
            "job-{job}:\n  extends: .base\n  stage: s{stage}\n  script:\n    - run $MODE {job}\n    \
             - report\n  rules:\n    - if: $LEVEL == \"one\"\n"
        );
        if needs {
            let earlier =
                [0, 1, 7].into_iter().filter_map(|back| job.checked_sub(jobs / 10 + back));
            let names: Vec<String> = earlier.map(|earlier| format!("job-{earlier}")).collect();
            text += &format!("  needs: [{}]\n", names.join(", "));
        }
    }
    Text(text)
}

fn planned(text: &Text) -> Plan {
    let mut diagnostics = Diagnostics::new();
    let pipeline = pipeline::load(".gitlab-ci.yml", text, &mut diagnostics).expect("valid");
    let plan = plan::build(&pipeline, &Context::default(), &mut diagnostics).expect("valid");
    assert!(!diagnostics.has_errors());
    plan
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for (jobs, needs) in [(500, false), (5000, false), (5000, true)] {
        let text = text(jobs, needs);
        assert_eq!(planned(&text).jobs.len(), jobs);
        group.throughput(Throughput::Elements(jobs as u64));
        let name = format!("{jobs} jobs{}", if needs { " with needs" } else { "" });
        group.bench_function(name, |b| b.iter(|| black_box(planned(&text))));
    }
    group.finish();
}

struct Nothing;

#[async_trait]
impl Executor for Nothing {
    async fn prepare(
        &self,
        _job: &PlannedJob,
        _log: JobLog,
    ) -> Result<Box<dyn JobSandbox>, NotLoadable> {
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl JobSandbox for Nothing {
    async fn run(&mut self, _script: ScriptRun<'_>, _log: JobLog, _stop: Stop) -> StepOutcome {
        StepOutcome::Exited(0)
    }

    async fn close(self: Box<Self>) {}
}

fn scheduling(criterion: &mut Criterion) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut group = criterion.benchmark_group("schedule");
    group.sample_size(10);
    for jobs in [1000, 10_000] {
        let plan = planned(&text(jobs, false));
        group.throughput(Throughput::Elements(jobs as u64));
        group.bench_function(format!("{jobs} jobs, 100 wide"), |b| {
            b.iter_batched(
                || plan.clone(),
                |plan| {
                    runtime.block_on(async {
                        let (events, mut records) = mpsc::channel(256);
                        let counting = tokio::spawn(async move {
                            let mut count = 0;
                            while records.recv().await.is_some() {
                                count += 1;
                            }
                            count
                        });
                        let (_notifier, notices) = schedule::notices();
                        let options = Options {
                            pipeline: "bench".to_owned(),
                            jobs: NonZeroUsize::new(100).expect("not zero"),
                            notices,
                            mask: Mask::default(),
                            keep_going: false,
                            planner: None,
                        };
                        let switch = CancelSwitch::new();
                        schedule::run(plan, Arc::new(Nothing), options, switch, events).await;
                        assert!(counting.await.expect("it ends") > 2 * jobs);
                    });
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, planning, scheduling);
criterion_main!(benches);
