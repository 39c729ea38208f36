//! Whether a job that failed is tried again (GitLab's `Gitlab::Ci::Build::AutoRetry`).

use crate::event::StepOutcome;
use crate::plan::{Retry, RetryReason};

/// Whether a job that ended in this way, after so many attempts, is tried again.
pub(super) fn again(retry: &Retry, outcome: &StepOutcome, attempts: u32) -> bool {
    if attempts > u32::from(retry.max) {
        return false;
    }
    let reasons = reasons(outcome);
    if reasons.is_empty() {
        return false;
    }
    let for_reason = match (&retry.when, &retry.exit_codes) {
        (Some(when), _) => {
            when.iter().any(|reason| *reason == RetryReason::Always || reasons.contains(reason))
        }
        // Exit codes alone are the only reason.
        (None, Some(_)) => false,
        (None, None) => true,
    };
    let for_code = retry.exit_codes.iter().flatten().any(|code| Some(*code) == outcome.exit_code());
    for_reason || for_code
}

/// What GitLab would call a failure. A script that its shell or the sandbox ended has failed as a
/// script: in a container it would have been killed and left an exit code. What has more than one
/// name has one that GitLab replaced by others.
fn reasons(outcome: &StepOutcome) -> &'static [RetryReason] {
    match outcome {
        // Trigger jobs have no `retry`.
        StepOutcome::Exited(0)
        | StepOutcome::Cancelled
        | StepOutcome::Downstream { .. }
        | StepOutcome::Blocked { .. }
        | StepOutcome::NothingRan => &[],
        StepOutcome::Exited(_)
        | StepOutcome::Trapped { .. }
        | StepOutcome::OutOfMemory
        | StepOutcome::OutputLimit
        | StepOutcome::DiskQuota
        | StepOutcome::NotKept { .. } => &[RetryReason::ScriptFailure],
        StepOutcome::TimedOut => {
            &[RetryReason::JobExecutionTimeout, RetryReason::ServerTimeoutRunning]
        }
        StepOutcome::NotLoadable { .. } => {
            &[RetryReason::RunnerConfigurationError, RetryReason::RunnerSystemFailure]
        }
        StepOutcome::Internal { .. } => &[RetryReason::RunnerSystemFailure],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(max: u8, when: Option<&[RetryReason]>, exit_codes: Option<&[u8]>) -> Retry {
        Retry { max, when: when.map(<[_]>::to_vec), exit_codes: exit_codes.map(<[_]>::to_vec) }
    }

    #[test]
    fn attempts_are_counted() {
        let failed = StepOutcome::Exited(1);
        let twice = retry(2, None, None);
        assert!(again(&twice, &failed, 1) && again(&twice, &failed, 2));
        assert!(!again(&twice, &failed, 3));
        assert!(!again(&Retry::default(), &failed, 1));
        assert!(!again(&twice, &StepOutcome::Exited(0), 1));
        assert!(!again(&twice, &StepOutcome::Cancelled, 1));
    }

    #[test]
    fn reasons_and_exit_codes_decide() {
        use RetryReason::{Always, JobExecutionTimeout, RunnerSystemFailure, ScriptFailure};
        let lost = StepOutcome::NotLoadable { message: String::new() };
        for (when, codes, outcome, expected) in [
            (Some(&[ScriptFailure][..]), None, StepOutcome::Exited(1), true),
            (Some(&[ScriptFailure]), None, StepOutcome::OutOfMemory, true),
            (Some(&[ScriptFailure]), None, StepOutcome::TimedOut, false),
            (Some(&[JobExecutionTimeout]), None, StepOutcome::TimedOut, true),
            (Some(&[RunnerSystemFailure]), None, lost.clone(), true),
            (Some(&[RunnerSystemFailure]), None, StepOutcome::Exited(1), false),
            (Some(&[Always]), None, lost, true),
            (None, Some(&[42][..]), StepOutcome::Exited(42), true),
            (None, Some(&[42]), StepOutcome::Exited(1), false),
            (Some(&[JobExecutionTimeout]), Some(&[42]), StepOutcome::Exited(42), true),
            (Some(&[JobExecutionTimeout]), Some(&[42]), StepOutcome::TimedOut, true),
            (Some(&[JobExecutionTimeout]), Some(&[42]), StepOutcome::Exited(1), false),
        ] {
            let retry = retry(1, when, codes);
            assert_eq!(again(&retry, &outcome, 1), expected, "{retry:?} after {outcome}");
        }
    }
}
