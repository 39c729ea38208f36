//! What steps may use beyond the workspace: what they ask for, and what the user granted by name.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::function::{NO_NETWORK, Needs, Problem};
use crate::sandbox::MountSpec;

/// What the user grants to one step.
#[derive(Clone, Debug, Default)]
pub struct StepPermission {
    /// Directories of the machine.
    pub mounts: Vec<MountSpec>,
    /// Variables of the machine's environment, with their values.
    pub env: Vec<(String, String)>,
    /// Bytes of memory of each of its processes.
    pub memory: Option<u64>,
    /// How long it may run.
    pub timeout: Option<Duration>,
}

/// What the user grants to steps, by their names or by what stands behind `func:`.
pub type StepGrants = BTreeMap<String, StepPermission>;

/// What a step gets: its permission, after its function's needs were held against it. Of two times
/// or sizes the smaller counts: what a function declares to need is also all that it gets.
///
/// # Errors
/// If it needs what was not granted.
pub(super) fn permission(
    grants: &StepGrants,
    step: &str,
    reference: &str,
    needs: &Needs,
    memory: u64,
) -> Result<StepPermission, Problem> {
    let granted = grants.get(reference).or_else(|| grants.get(step));
    if needs.is_empty() && granted.is_none() {
        return Ok(StepPermission::default());
    }
    if let Some(host) = needs.network.first() {
        return Err(Problem::new(format!(
            "`{reference}` needs to connect to {host}, and the sandbox has no network to grant"
        ))
        .help(NO_NETWORK));
    }
    let nothing = StepPermission::default();
    let granted = granted.unwrap_or(&nothing);
    let mut lines = Vec::new();
    for place in &needs.mounts {
        if !granted.mounts.iter().any(|mount| mount.guest == *place) {
            lines.push(("mounts", format!("\"/a/directory:{place}:ro\"")));
        }
    }
    for name in &needs.env {
        if !granted.env.iter().any(|(granted, _)| granted == name) {
            lines.push(("env", format!("\"{name}\"")));
        }
    }
    if let Some(needed) = needs.memory.filter(|needed| *needed > memory)
        && granted.memory.is_none_or(|granted| granted < needed)
    {
        lines.push(("memory", format!("\"{} MiB\"", needed.div_ceil(1 << 20))));
    }
    if lines.is_empty() {
        return Ok(StepPermission {
            memory: needs.memory.into_iter().chain(granted.memory).min(),
            timeout: needs.timeout.into_iter().chain(granted.timeout).min(),
            ..granted.clone()
        });
    }
    let asked = lines.iter().map(|(what, value)| format!("{what} {value}"));
    let asked = asked.collect::<Vec<_>>().join(", ");
    let mut section = format!("\n  [steps.{reference:?}]");
    for key in ["mounts", "env"] {
        let values: Vec<&str> = lines
            .iter()
            .filter(|(what, _)| *what == key)
            .map(|(_, value)| value.as_str())
            .collect();
        if !values.is_empty() {
            section += &format!("\n  {key} = [{}]", values.join(", "));
        }
    }
    if let Some((_, value)) = lines.iter().find(|(what, _)| *what == "memory") {
        section += &format!("\n  memory = {value}");
    }
    Err(Problem::new(format!("`{reference}` needs what was not granted: {asked}"))
        .help(format!("to grant it, write into your own greenroom.toml:{section}")))
}
