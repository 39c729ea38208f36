//! Matching: instructions that are tried in order, each at most once at a position, so that the
//! time is bounded by the product of both.

use super::is_byte;
use super::parse::{Assertion, Expression, Invalid, Node, Set, is_word};

/// The most instructions of one expression.
const MAX_INSTRUCTIONS: usize = 50_000;

/// The most pairs of an instruction and a position that are kept track of: 32 MiB of bits.
const MAX_VISITED: usize = 1 << 28;

/// The most steps of an expression with back references, which cannot be tried only once.
const MAX_STEPS: usize = 10_000_000;

enum Instruction {
    Char(char),
    Any,
    Set(Set),
    Back(usize),
    Assert(Assertion),
    /// First one, then the other.
    Split(usize, usize),
    Jump(usize),
    /// The slots of a group: two times its number, and one more for its end.
    Save(usize),
    /// Notes where a round of a repetition begins.
    Mark(usize),
    /// Leaves a repetition whose round matched nothing.
    Progress(usize),
    Match,
}

pub(super) struct Program {
    code: Vec<Instruction>,
    groups: usize,
    marks: usize,
    back: bool,
    fold: bool,
}

type Groups = Vec<Option<(usize, usize)>>;

pub(super) fn compile(expression: &Expression, fold: bool) -> Result<Program, Invalid> {
    let mut program =
        Program { code: Vec::new(), groups: expression.groups + 1, marks: 0, back: false, fold };
    program.emit(&expression.root)?;
    program.code.push(Instruction::Match);
    Ok(program)
}

impl Program {
    fn push(&mut self, instruction: Instruction) -> Result<usize, Invalid> {
        if self.code.len() >= MAX_INSTRUCTIONS {
            return Err(Invalid);
        }
        self.code.push(instruction);
        Ok(self.code.len() - 1)
    }

    fn emit(&mut self, node: &Node) -> Result<(), Invalid> {
        match node {
            Node::Empty => {}
            Node::Char(c) => drop(self.push(Instruction::Char(*c))?),
            Node::Any => drop(self.push(Instruction::Any)?),
            Node::Set(set) => drop(self.push(Instruction::Set(set.clone()))?),
            Node::Assert(assertion) => drop(self.push(Instruction::Assert(*assertion))?),
            Node::Back(group) => {
                self.back = true;
                self.push(Instruction::Back(*group))?;
            }
            Node::Group(number, inner) => {
                self.push(Instruction::Save(2 * number))?;
                self.emit(inner)?;
                self.push(Instruction::Save(2 * number + 1))?;
            }
            Node::Concat(all) => {
                for node in all {
                    self.emit(node)?;
                }
            }
            Node::Alternatives(all) => {
                let mut ends = Vec::new();
                for (index, node) in all.iter().enumerate() {
                    if index + 1 == all.len() {
                        self.emit(node)?;
                        break;
                    }
                    let split = self.push(Instruction::Split(0, 0))?;
                    self.emit(node)?;
                    ends.push(self.push(Instruction::Jump(0))?);
                    self.code[split] = Instruction::Split(split + 1, self.code.len());
                }
                for end in ends {
                    self.code[end] = Instruction::Jump(self.code.len());
                }
            }
            Node::Repeat(inner, least, most) => self.emit_repeat(inner, *least, *most)?,
        }
        Ok(())
    }

    fn emit_repeat(&mut self, inner: &Node, least: u32, most: Option<u32>) -> Result<(), Invalid> {
        for _ in 0..least {
            self.emit(inner)?;
        }
        let Some(most) = most else {
            let mark = self.marks;
            self.marks += 1;
            let split = self.push(Instruction::Split(0, 0))?;
            self.push(Instruction::Mark(mark))?;
            self.emit(inner)?;
            self.push(Instruction::Progress(mark))?;
            self.push(Instruction::Jump(split))?;
            self.code[split] = Instruction::Split(split + 1, self.code.len());
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in least..most {
            splits.push(self.push(Instruction::Split(0, 0))?);
            self.emit(inner)?;
        }
        for split in splits {
            self.code[split] = Instruction::Split(split + 1, self.code.len());
        }
        Ok(())
    }

    /// The groups of the leftmost, longest match.
    pub(super) fn find(&self, text: &[char]) -> Result<Option<Groups>, Invalid> {
        if self.code.len().saturating_mul(text.len() + 1) > MAX_VISITED {
            return Err(Invalid);
        }
        let mut machine = Machine::new(self, text);
        for start in 0..=text.len() {
            let Some(end) = machine.longest(start)? else { continue };
            return machine.groups(start, end);
        }
        Ok(None)
    }
}

/// What is left to try, and what is undone before that.
enum Task {
    Try(usize, usize),
    Slot(usize, Option<usize>),
    Mark(usize, Option<usize>),
}

struct Machine<'a> {
    program: &'a Program,
    text: &'a [char],
    /// One bit for each instruction at each position.
    visited: Vec<u64>,
    slots: Vec<Option<usize>>,
    marks: Vec<Option<usize>>,
    tasks: Vec<Task>,
    steps: usize,
}

impl<'a> Machine<'a> {
    fn new(program: &'a Program, text: &'a [char]) -> Self {
        let bits = program.code.len() * (text.len() + 1);
        Self {
            program,
            text,
            visited: vec![0; bits.div_ceil(64)],
            slots: vec![None; 2 * program.groups],
            marks: vec![None; program.marks],
            tasks: Vec::new(),
            steps: 0,
        }
    }

    /// The end of the longest match that begins at `start`. What was tried in vain from other
    /// beginnings is not tried again.
    fn longest(&mut self, start: usize) -> Result<Option<usize>, Invalid> {
        let mut best = None;
        self.run(start, |end| {
            best = best.max(Some(end));
            end
        })?;
        Ok(best)
    }

    /// The groups of the first way to match exactly this part of the text.
    fn groups(&mut self, start: usize, end: usize) -> Result<Option<Groups>, Invalid> {
        self.visited.fill(0);
        self.slots.fill(None);
        let found = self.run(start, |reached| if reached == end { usize::MAX } else { 0 })?;
        let mut groups: Groups = self.slots.chunks(2).map(|slot| slot[0].zip(slot[1])).collect();
        groups[0] = Some((start, end));
        Ok(found.then_some(groups))
    }

    /// Tries everything from `start`; `matched` gets the end of each match and says with
    /// `usize::MAX` that this one was looked for.
    fn run(
        &mut self,
        start: usize,
        mut matched: impl FnMut(usize) -> usize,
    ) -> Result<bool, Invalid> {
        self.tasks.clear();
        self.tasks.push(Task::Try(0, start));
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Slot(slot, before) => self.slots[slot] = before,
                Task::Mark(mark, before) => self.marks[mark] = before,
                Task::Try(at, position) => {
                    if self.follow(at, position, &mut matched)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn follow(
        &mut self,
        mut at: usize,
        mut position: usize,
        matched: &mut impl FnMut(usize) -> usize,
    ) -> Result<bool, Invalid> {
        let program = self.program;
        loop {
            if program.back {
                self.steps += 1;
                if self.steps > MAX_STEPS {
                    return Err(Invalid);
                }
            } else {
                let bit = at * (self.text.len() + 1) + position;
                let (word, mask) = (bit / 64, 1 << (bit % 64));
                if self.visited[word] & mask != 0 {
                    return Ok(false);
                }
                self.visited[word] |= mask;
            }
            match &program.code[at] {
                Instruction::Match => return Ok(matched(position) == usize::MAX),
                Instruction::Jump(to) => {
                    at = *to;
                    continue;
                }
                Instruction::Split(first, second) => {
                    self.tasks.push(Task::Try(*second, position));
                    at = *first;
                    continue;
                }
                Instruction::Save(slot) => {
                    self.tasks.push(Task::Slot(*slot, self.slots[*slot]));
                    self.slots[*slot] = Some(position);
                }
                Instruction::Mark(mark) => {
                    self.tasks.push(Task::Mark(*mark, self.marks[*mark]));
                    self.marks[*mark] = Some(position);
                }
                Instruction::Progress(mark) => {
                    if self.marks[*mark] == Some(position) {
                        return Ok(false);
                    }
                }
                Instruction::Assert(assertion) => {
                    if !self.holds(*assertion, position) {
                        return Ok(false);
                    }
                }
                Instruction::Back(group) => {
                    let slots = (self.slots[2 * group], self.slots[2 * group + 1]);
                    let (Some(from), Some(to)) = slots else { return Ok(false) };
                    let again = &self.text[from..to.max(from)];
                    let rest = &self.text[position..];
                    let same = rest.len() >= again.len()
                        && again.iter().zip(rest).all(|(a, b)| self.same(*a, *b));
                    if !same {
                        return Ok(false);
                    }
                    position += again.len();
                }
                one => {
                    let Some(&c) = self.text.get(position) else { return Ok(false) };
                    let fits = match one {
                        Instruction::Char(wanted) => self.same(*wanted, c),
                        Instruction::Any => !is_byte(c),
                        Instruction::Set(set) => self.contains(set, c),
                        _ => false,
                    };
                    if !fits {
                        return Ok(false);
                    }
                    position += 1;
                }
            }
            at += 1;
        }
    }

    fn holds(&self, assertion: Assertion, position: usize) -> bool {
        let word = |index: Option<usize>| {
            index.and_then(|i| self.text.get(i)).is_some_and(|c| is_word(*c))
        };
        let (before, after) = (word(position.checked_sub(1)), word(Some(position)));
        match assertion {
            Assertion::Start => position == 0,
            Assertion::End => position == self.text.len(),
            Assertion::WordBoundary => before != after,
            Assertion::NoWordBoundary => before == after,
            Assertion::WordStart => !before && after,
            Assertion::WordEnd => before && !after,
        }
    }

    fn same(&self, a: char, b: char) -> bool {
        a == b || (self.program.fold && (lower(a) == lower(b) || upper(a) == upper(b)))
    }

    fn contains(&self, set: &Set, c: char) -> bool {
        if is_byte(c) {
            return !set.negated && set.ranges.contains(&(c, c));
        }
        let has = |c: char| {
            set.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c))
                || set.classes.iter().any(|class| class(c))
        };
        let found = has(c) || (self.program.fold && (has(lower(c)) || has(upper(c))));
        found != set.negated
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn upper(c: char) -> char {
    c.to_uppercase().next().unwrap_or(c)
}
