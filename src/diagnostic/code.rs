//! Every kind of finding, with its stable name and what it means.

macro_rules! codes {
    ($($variant:ident $name:literal $text:literal;)*) => {
        /// The kind of a finding. Its [name](Code::name) is stable: scripts may match on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name that reports and scripts use.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in one line.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    FileNotFound "file-not-found" "The pipeline file, or one that it includes, is not there.";
    FileUnreadable "file-unreadable" "A file is there but cannot be read.";
    FileTooLarge "file-too-large" "A file is larger than greenroom reads.";
    NotUtf8 "not-utf8" "A file is not UTF-8 text.";
    YamlSyntax "yaml-syntax" "The file is not YAML.";
    YamlTooDeep "yaml-too-deep" "Collections are nested deeper than greenroom follows.";
    YamlTooBig "yaml-too-big" "The document is too big once its aliases are filled in.";
    YamlAlias "yaml-alias" "An alias names an anchor that is not defined before it.";
    YamlTag "yaml-tag" "A value has a tag that GitLab does not know.";
    YamlDocument "yaml-document" "The file has more documents than a pipeline file may have.";
    YamlDate "yaml-date" "An unquoted value is a date in YAML, which GitLab refuses to read.";
    YamlKey "yaml-key" "A key is a list or a mapping.";
    DuplicateKey "duplicate-key" "A key is there twice; the last one counts, as on GitLab.";
    MergeOverride "merge-override" "A merge key replaces a value that stands before it, as on GitLab.";
    MergeValue "merge-value" "A merge key's value is not a mapping or a list of mappings.";
    EmptyFile "empty-file" "The file has no content.";
    NotAMapping "not-a-mapping" "The top level of the file is not a mapping.";
    WrongType "wrong-type" "A value has a type that its keyword does not take.";
    WrongValue "wrong-value" "A value is not one that its keyword takes.";
    UnknownKeyword "unknown-keyword" "GitLab has no such keyword at this place.";
    NotSupported "not-supported" "GitLab's keyword is known, but greenroom does not act on it yet.";
    NoEffect "no-effect" "GitLab's keyword has no effect in a local sandbox.";
    Deprecated "deprecated" "The keyword works but GitLab has a newer one.";
    NoJobs "no-jobs" "The pipeline has no visible job.";
    JobName "job-name" "A job has a name that GitLab refuses.";
    JobWithoutScript "job-without-script" "A job has nothing to run.";
    KeywordConflict "keyword-conflict" "Two keywords of a job exclude each other.";
    NestedTooDeep "nested-too-deep" "A list is nested in lists deeper than GitLab follows.";
    ExtendsUnknown "extends-unknown" "A job extends one that is not there.";
    ExtendsCircular "extends-circular" "A job extends itself, directly or through others.";
    ExtendsTooDeep "extends-too-deep" "A chain of extends is longer than GitLab follows.";
    ReferenceUnknown "reference-unknown" "A !reference points to something that is not there.";
    ReferenceCircular "reference-circular" "A !reference leads back to itself.";
    ReferenceInvalid "reference-invalid" "A !reference is not a list of names.";
    IncludeInvalid "include-invalid" "An include names no file that greenroom can read.";
    IncludeUnavailable "include-unavailable" "A file from elsewhere cannot be had; what follows from its absence is not told.";
    IncludeLoop "include-loop" "Files include each other without end, or there are too many.";
    InputInvalid "input-invalid" "An input is not declared, not given, or given a value that it does not take.";
    StageUndefined "stage-undefined" "A job's stage is not among the pipeline's stages.";
    NeedsUnknown "needs-unknown" "A job needs one that is not in the pipeline.";
    NeedsCircular "needs-circular" "Jobs need each other in a circle.";
    NeedsLaterStage "needs-later-stage" "A job needs one of a later stage.";
    NeedsTooMany "needs-too-many" "A job needs more jobs than GitLab allows.";
    TriggerTooDeep "trigger-too-deep" "Child pipelines are nested deeper than GitLab follows.";
    DurationInvalid "duration-invalid" "A duration is not one that GitLab reads.";
    VariableInvalid "variable-invalid" "A variable has a name or a value that GitLab refuses.";
    RuleInvalid "rule-invalid" "A rule's condition cannot be read.";
    ExpressionInvalid "expression-invalid" "An expression of a step cannot be read.";
    ExpressionUnknown "expression-unknown" "A step names another step, an input or an output that is not there.";
    StepName "step-name" "A step has no name, one that GitLab refuses, or that of another step.";
    StepReference "step-reference" "A step names a function that is not there or cannot run here.";
    StepInput "step-input" "A step gives its function an input that it does not have, or lacks one that it needs.";
    StepNetwork "step-network" "A step's function needs a network, which the sandbox has not.";
    StepCircular "step-circular" "A function is made of steps that lead back to it, or they are nested too deep.";
    FunctionInvalid "function-invalid" "A func.yml is not one that GitLab's step runner reads.";
    JobLeftOut "job-left-out" "A job is left out of the run because a keyword is not supported yet.";
    SharedWorkspace "shared-workspace" "A job works only where all jobs share one workspace.";
    PipelineEmpty "pipeline-empty" "No job is left to run.";
    SandboxCommand "sandbox-command" "A script calls a command that cannot work in the sandbox.";
    NetworkCommand "network-command" "A script calls a command that needs a network, which the sandbox has not.";
    ImageUnavailable "image-unavailable" "A job's image is none that can run here.";
    SettingsSyntax "settings-syntax" "A `greenroom.toml` is not TOML.";
    SettingUnknown "setting-unknown" "A `greenroom.toml` has a key that greenroom does not know.";
    SettingRefused "setting-refused" "A project's `greenroom.toml` grants something, which only the user may.";
}

impl Code {
    /// The codes as the text of the documentation.
    pub fn documentation() -> String {
        let mut out = String::from("| code | meaning |\n| --- | --- |\n");
        for code in Self::ALL {
            out.push_str(&format!("| `{}` | {} |\n", code.name(), code.explanation()));
        }
        out
    }
}
