//! Reads a program without compiling it: what it is, what the sandbox must know about it, and
//! whether compiling it is affordable.

use super::limits::{CompileLimits, Counted, Exceeded};
use wasmparser::{
    Encoding, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef, TypeSectionReader,
    ValType,
};

/// What the sandbox must know about a core module and wasmtime does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModuleFacts {
    /// It imports from the module `greenroom`: processes, pipes and file modes.
    pub imports_greenroom: bool,
    /// Its whole state, between two calls, is its one memory and its stack pointer, so that a
    /// copy of both in a new instance continues where it is: the module defines exactly one memory
    /// (32-bit, not shared), its only mutable global is the exported `__stack_pointer` of type
    /// `i32`, and no instruction changes a table. Programs by Rust and LLVM are so if their
    /// linker is told to export the stack pointer. Only looked at when the module imports from
    /// `greenroom`, since nothing else can fork.
    pub forkable: bool,
    /// It exports a function `_start`, which makes it a program and not a library.
    pub command: bool,
}

/// What kind of program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Module(ModuleFacts),
    Component,
}

const COMPONENT: u32 = 1;
const IMPORTS_GREENROOM: u32 = 2;
const FORKABLE: u32 = 4;
const COMMAND: u32 = 8;

impl Kind {
    /// As written into an entry.
    pub(super) fn to_flags(self) -> u32 {
        match self {
            Self::Component => COMPONENT,
            Self::Module(facts) => {
                let flag = |is: bool, flag: u32| if is { flag } else { 0 };
                flag(facts.imports_greenroom, IMPORTS_GREENROOM)
                    | flag(facts.forkable, FORKABLE)
                    | flag(facts.command, COMMAND)
            }
        }
    }

    pub(super) fn from_flags(flags: u32) -> Option<Self> {
        let facts = ModuleFacts {
            imports_greenroom: flags & IMPORTS_GREENROOM != 0,
            forkable: flags & FORKABLE != 0,
            command: flags & COMMAND != 0,
        };
        [Self::Component, Self::Module(facts)].into_iter().find(|kind| kind.to_flags() == flags)
    }
}

/// Why a program is refused before it is compiled.
#[derive(Debug)]
pub(super) enum Refused {
    NotWasm(String),
    Invalid(String),
    Exceeded(Exceeded),
}

impl From<wasmparser::BinaryReaderError> for Refused {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<Exceeded> for Refused {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

/// What a look at a program tells.
#[derive(Debug)]
pub(super) struct Inspected {
    pub(super) kind: Kind,
    /// Local variables of all functions together.
    pub(super) locals: u64,
}

/// Looks at a whole program. It is not validated: the compiler does that.
pub(super) fn inspect(bytes: &[u8], limits: &CompileLimits) -> Result<Inspected, Refused> {
    if !bytes.starts_with(b"\0asm") {
        return Err(Refused::NotWasm(guess(bytes)));
    }
    let mut counted = Counted::new(limits);
    let mut outermost = None;
    let mut module = ModuleState::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => {
                outermost.get_or_insert(*encoding);
            }
            Payload::TypeSection(types) => count_types(types, &mut counted)?,
            Payload::ComponentTypeSection(types) => counted.types(types.count())?,
            Payload::CoreTypeSection(types) => counted.types(types.count())?,
            Payload::FunctionSection(functions) => counted.functions(functions.count())?,
            Payload::CodeSectionEntry(body) => {
                counted.body(body.range().len())?;
                for local in body.get_locals_reader()? {
                    counted.locals(local?.0)?;
                }
            }
            _ => {}
        }
        if outermost == Some(Encoding::Module) {
            module.see(&payload)?;
        }
    }
    let kind = match outermost {
        Some(Encoding::Module) => Kind::Module(module.facts()),
        _ => Kind::Component,
    };
    Ok(Inspected { kind, locals: counted.locals })
}

fn count_types(types: &TypeSectionReader<'_>, counted: &mut Counted<'_>) -> Result<(), Refused> {
    for group in types.clone() {
        let group = group?;
        for ty in group.types() {
            counted.types(1)?;
            if let wasmparser::CompositeInnerType::Func(ty) = &ty.composite_type.inner {
                counted.function_type(ty.params().len() + ty.results().len())?;
            }
        }
    }
    Ok(())
}

/// What has been seen of a core module. Sections come in a fixed order, code after all others
/// that matter here.
#[derive(Default)]
struct ModuleState {
    imports_greenroom: bool,
    command: bool,
    globals: u32,
    /// Index and type of each mutable global.
    mutable: Vec<(u32, ValType)>,
    stack_pointer: Option<u32>,
    memories: u32,
    plain_memory: bool,
    shared_state: bool,
}

impl ModuleState {
    fn see(&mut self, payload: &Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    let import = import?;
                    self.imports_greenroom |= import.module == "greenroom";
                    match import.ty {
                        TypeRef::Global(ty) => self.global(ty.mutable, ty.content_type),
                        // State that lives outside of the instance.
                        TypeRef::Memory(_) | TypeRef::Table(_) => self.shared_state = true,
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    let memory = memory?;
                    self.memories += 1;
                    self.plain_memory = !memory.memory64 && !memory.shared;
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals.clone() {
                    let ty = global?.ty;
                    self.global(ty.mutable, ty.content_type);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    match (export.kind, export.name) {
                        (ExternalKind::Func, "_start") => self.command = true,
                        (ExternalKind::Global, "__stack_pointer") => {
                            self.stack_pointer = Some(export.index);
                        }
                        _ => {}
                    }
                }
            }
            Payload::CodeSectionEntry(body) if self.could_fork() => {
                self.shared_state |= changes_a_table(body)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn global(&mut self, mutable: bool, ty: ValType) {
        if mutable {
            self.mutable.push((self.globals, ty));
        }
        self.globals += 1;
    }

    fn could_fork(&self) -> bool {
        let one_global = matches!(
            (self.mutable.as_slice(), self.stack_pointer),
            ([(index, ValType::I32)], Some(exported)) if *index == exported
        );
        let one_memory = self.memories == 1 && self.plain_memory;
        self.imports_greenroom && one_global && one_memory && !self.shared_state
    }

    fn facts(&self) -> ModuleFacts {
        ModuleFacts {
            imports_greenroom: self.imports_greenroom,
            forkable: self.could_fork(),
            command: self.command,
        }
    }
}

fn changes_a_table(body: &FunctionBody<'_>) -> Result<bool, Refused> {
    for operator in body.get_operators_reader()? {
        if let Operator::TableSet { .. }
        | Operator::TableGrow { .. }
        | Operator::TableFill { .. }
        | Operator::TableCopy { .. }
        | Operator::TableInit { .. } = operator?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says what a file that is not WebAssembly looks like, and what to do about it.
fn guess(bytes: &[u8]) -> String {
    let text = |s: &str| s.to_owned();
    match bytes {
        [] => text("it is empty"),
        [0x7f, b'E', b'L', b'F', ..] => {
            text("it is a native program (ELF), which cannot run here; build it for wasm32-wasip1")
        }
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [b'M', b'Z', ..] => {
            text("it is a native program, which cannot run here; build it for wasm32-wasip1")
        }
        [b'#', b'!', ..] => text("it is a script; it is started by its interpreter"),
        [0x1f, 0x8b, ..] => text("it is compressed with gzip; unpack it first"),
        [b'P', b'K', 3, 4, ..] => text("it is a zip archive; unpack it first"),
        _ if bytes.starts_with(b"version https://git-lfs") => {
            text("it is a Git LFS pointer; fetch the file itself with `git lfs pull`")
        }
        _ => {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]);
            let start = start.trim_start();
            if start.starts_with("(module") || start.starts_with("(component") {
                text("it is in the text format; assemble it first, for example with `wasm-tools`")
            } else if start.starts_with('<') {
                text("it looks like an HTML page; check where it was downloaded from")
            } else if bytes.len() < 8 && b"\0asm".starts_with(bytes) {
                text("it is cut short")
            } else {
                let shown: Vec<String> = bytes.iter().take(4).map(|b| format!("{b:02x}")).collect();
                format!("it begins with the bytes {}, not with 00 61 73 6d", shown.join(" "))
            }
        }
    }
}
