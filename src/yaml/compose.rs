//! The parser's events → nodes.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{
    self, Event, Options, Parser, ScalarStyle, Span as Place, StrInput, Tag as RawTag,
};

use super::limits::{MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES};
use super::merge::Builder;
use super::scalar::{self, Plain};
use super::{Entry, Node, Tag, Value, syntax, text};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Span};

/// The documents of a file: the header that declares inputs, if there is one, and the pipeline.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The document before the pipeline's own, recognised by its key `spec`.
    pub header: Option<Node>,
    /// The pipeline's document. A file without content has none.
    pub content: Option<Node>,
    /// The whole file, for findings that have no better place.
    pub file: Span,
}

/// Reads a file. Findings go to `diagnostics`; the result is `None` if the file is not YAML.
pub fn parse(name: &str, bytes: &[u8], diagnostics: &mut Diagnostics) -> Option<Documents> {
    let file = text::decode(name, bytes, diagnostics)?;
    let source = diagnostics.sources().text(file).to_owned();
    let documents = Composer::new(file, &source, diagnostics).documents()?;
    let whole = Span::new(file, 0..source.len()).at_start();
    let mut documents: Vec<Node> = documents.into_iter().filter(|node| !node.is_null()).collect();
    let is_header = documents
        .first()
        .and_then(Node::as_mapping)
        .is_some_and(|mapping| mapping.contains_key("spec"));
    let header = is_header.then(|| documents.remove(0));
    if let Some(extra) = documents.get(1) {
        diagnostics.push(
            Diagnostic::warning(Code::YamlDocument, "only the first document is the pipeline")
                .label(extra.span.at_start(), "this document is not read, as on GitLab")
                .help("remove the `---` line before it if it belongs to the pipeline"),
        );
    }
    Some(Documents { header, content: documents.into_iter().next(), file: whole })
}

/// A node that aliases can name, and what one more copy of it costs.
struct Anchored {
    /// `None` while the node is being read.
    node: Option<Node>,
    name: String,
    cost: Cost,
    depth: usize,
}

/// What the nodes read so far cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    text: usize,
}

/// Reading cannot go on; the finding is already told.
struct Stop;

type Composed<T> = Result<T, Stop>;

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// An event that was looked at but not taken.
    peeked: Option<(Event<'a>, Place)>,
    file: FileId,
    source: &'a str,
    anchors: HashMap<usize, Anchored>,
    cost: Cost,
    /// The deepest nesting below the node read last, to know what an alias to it adds.
    deepest: usize,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Composer<'a> {
    fn new(file: FileId, source: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
        let options: Options = granit_parser::options! {
            emit_comments: false,
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        Self {
            parser: Parser::new_from_str_with_options(source, options),
            peeked: None,
            file,
            source,
            anchors: HashMap::new(),
            cost: Cost::default(),
            deepest: 0,
            diagnostics,
        }
    }

    fn documents(mut self) -> Option<Vec<Node>> {
        let mut documents = Vec::new();
        loop {
            match self.next() {
                Ok((Event::StreamStart | Event::DocumentEnd, _)) => {}
                Ok((Event::DocumentStart(..), _)) => {
                    self.anchors.clear();
                    documents.push(self.node(0).ok()?);
                }
                Ok((Event::StreamEnd, _)) => return Some(documents),
                Ok(_) => {}
                Err(Stop) => return None,
            }
        }
    }

    fn next(&mut self) -> Composed<(Event<'a>, Place)> {
        if let Some(event) = self.peeked.take() {
            return Ok(event);
        }
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(self.source.len());
                let span = Span::new(self.file, at..at + 1);
                let line = self.source.get(..at).and_then(|text| text.rsplit('\n').next());
                self.diagnostics.push(syntax::finding(&error, line.unwrap_or_default(), span));
                Err(Stop)
            }
            // The parser ends with StreamEnd, after which nobody asks.
            None => Ok((Event::StreamEnd, Place::default())),
        }
    }

    fn peek(&mut self) -> Composed<&Event<'a>> {
        let event = match self.peeked.take() {
            Some(event) => event,
            None => self.next()?,
        };
        Ok(&self.peeked.insert(event).0)
    }

    fn span(&self, place: &Place) -> Span {
        let start = place.start.byte_offset().unwrap_or(0);
        let end = place.end.byte_offset().unwrap_or(start);
        Span::new(self.file, start..end)
    }

    fn node(&mut self, depth: usize) -> Composed<Node> {
        let (event, place) = self.next()?;
        self.node_of(event, place, depth)
    }

    fn node_of(&mut self, event: Event<'a>, place: Place, depth: usize) -> Composed<Node> {
        let span = self.span(&place);
        if depth > MAX_DEPTH {
            self.diagnostics.push(syntax::too_deep(span));
            return Err(Stop);
        }
        self.deepest = self.deepest.max(depth);
        match event {
            Event::Alias(id) => return self.alias(id, span, depth),
            Event::UnresolvedAlias(name) => {
                self.unknown_alias(&name, span);
                return Ok(Node::new(span, Value::Null));
            }
            _ => {}
        }
        let anchor = match &event {
            Event::Scalar(_, _, id, _)
            | Event::SequenceStart(_, id, _)
            | Event::MappingStart(_, id, _) => *id,
            _ => 0,
        };
        if anchor != 0 {
            self.open_anchor(anchor)?;
        }
        let before = self.cost;
        let outer_deepest = std::mem::replace(&mut self.deepest, depth);
        self.spend(1, 0, span)?;
        let node = match event {
            Event::Scalar(value, style, _, tag) => {
                self.spend(0, value.len(), span)?;
                self.scalar(&value, style, tag.as_deref(), span)
            }
            Event::SequenceStart(_, _, tag) => self.sequence(tag.as_deref(), span, depth)?,
            Event::MappingStart(_, _, tag) => self.mapping(tag.as_deref(), span, depth)?,
            // No other event stands in a node's place.
            _ => Node::new(span, Value::Null),
        };
        if anchor != 0
            && let Some(anchored) = self.anchors.get_mut(&anchor)
        {
            anchored.cost =
                Cost { nodes: self.cost.nodes - before.nodes, text: self.cost.text - before.text };
            anchored.depth = self.deepest - depth;
            anchored.node = Some(node.clone());
        }
        self.deepest = self.deepest.max(outer_deepest);
        Ok(node)
    }

    /// The anchor's own event follows its node's.
    fn open_anchor(&mut self, id: usize) -> Composed<()> {
        if let Event::Anchor(..) = self.peek()?
            && let (Event::Anchor(_, name), _) = self.next()?
        {
            let name = name.into_owned();
            self.anchors.insert(id, Anchored { node: None, name, cost: Cost::default(), depth: 0 });
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: Span, depth: usize) -> Composed<Node> {
        let Some((node, cost, below)) = self.anchors.get(&id).and_then(|anchored| {
            anchored.node.as_ref().map(|node| (node, anchored.cost, anchored.depth))
        }) else {
            self.diagnostics.push(
                Diagnostic::error(Code::YamlAlias, "an alias stands inside of what it names")
                    .label(span, "this would never end")
                    .help("name something that ends before this line"),
            );
            return Ok(Node::new(span, Value::Null));
        };
        if depth + below > MAX_DEPTH {
            self.diagnostics.push(syntax::too_deep(span));
            return Err(Stop);
        }
        // The budget is asked before the copy is made.
        let nodes = self.cost.nodes + cost.nodes;
        let text = self.cost.text + cost.text;
        if nodes <= MAX_NODES && text <= MAX_TEXT_BYTES {
            let node = node.clone();
            self.cost = Cost { nodes, text };
            self.deepest = self.deepest.max(depth + below);
            return Ok(node);
        }
        self.spend(cost.nodes, cost.text, span)?;
        Err(Stop)
    }

    fn unknown_alias(&mut self, name: &str, span: Span) {
        let known = self.anchors.values().map(|anchored| anchored.name.as_str());
        let similar = crate::diagnostic::similar(name, known).map(str::to_owned);
        self.diagnostics.push(
            Diagnostic::error(Code::YamlAlias, format!("no anchor is named `{name}`"))
                .label(span, "used here")
                .help(match similar {
                    Some(similar) => format!("did you mean `*{similar}`?"),
                    None => "an anchor (`&name`) must stand before it, in the same file; \
                             `extends` and `!reference` work across files"
                        .to_owned(),
                }),
        );
    }

    fn spend(&mut self, nodes: usize, text: usize, span: Span) -> Composed<()> {
        self.cost.nodes += nodes;
        self.cost.text += text;
        if self.cost.nodes <= MAX_NODES && self.cost.text <= MAX_TEXT_BYTES {
            return Ok(());
        }
        self.diagnostics.push(
            Diagnostic::error(
                Code::YamlTooBig,
                format!("the file has more than {MAX_NODES} values with its aliases filled in"),
            )
            .label(span, "the limit is reached here")
            .help("aliases of aliases multiply: use fewer of them"),
        );
        Err(Stop)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&RawTag>, span: Span) -> Node {
        let value = match tag.map(|tag| (tag, tag.core_suffix())) {
            None if style != ScalarStyle::Plain => Value::String(text.to_owned()),
            None => self.plain(text, span),
            Some((_, Some("str"))) => Value::String(text.to_owned()),
            Some((_, Some("int"))) => scalar::integer(text),
            Some((_, Some("float"))) => scalar::float(text),
            Some((_, Some(_))) => self.plain(text, span),
            // `!` alone says: not a number, not a boolean.
            Some((tag, None)) if tag.handle().is_empty() && tag.suffix() == "!" => {
                Value::String(text.to_owned())
            }
            Some((tag, None)) => {
                if is_reference(tag) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::ReferenceInvalid,
                            "a !reference is a list of names",
                        )
                        .label(span, "this is a single value")
                        .help("write `!reference [job, keyword]`"),
                    );
                    return Node::new(span, Value::Null);
                }
                self.unknown_tag(tag, span);
                if style == ScalarStyle::Plain {
                    self.plain(text, span)
                } else {
                    Value::String(text.to_owned())
                }
            }
        };
        Node::new(span, value)
    }

    fn plain(&mut self, text: &str, span: Span) -> Value {
        match scalar::plain(text) {
            Plain::Value(value) => value,
            Plain::Date => {
                self.diagnostics.push(
                    Diagnostic::error(Code::YamlDate, "GitLab refuses a file with a date in it")
                        .label(span, "YAML reads this as a date")
                        .help(format!("write it as a string: \"{text}\"")),
                );
                Value::String(text.to_owned())
            }
        }
    }

    fn unknown_tag(&mut self, tag: &RawTag, span: Span) {
        let name = format!("{}{}", tag.original_handle(), tag.suffix());
        let finding = if name.starts_with("!ruby/") {
            Diagnostic::error(Code::YamlTag, format!("`{name}` is not allowed"))
                .label(span, "GitLab refuses Ruby objects")
        } else {
            Diagnostic::warning(Code::YamlTag, format!("the tag `{name}` has no meaning"))
                .label(span, "the value is read as if the tag were not there, as on GitLab")
        };
        let finding = match crate::diagnostic::similar(&name, ["!reference"]) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding.help("the only tag that GitLab knows is `!reference`"),
        };
        self.diagnostics.push(finding);
    }

    fn collection_tag(&mut self, tag: Option<&RawTag>, sequence: bool, span: Span) -> Option<Tag> {
        match tag {
            Some(tag) if sequence && is_reference(tag) => Some(Tag::Reference),
            Some(tag) if tag.core_suffix().is_none() => {
                self.unknown_tag(tag, span);
                None
            }
            _ => None,
        }
    }

    fn sequence(&mut self, tag: Option<&RawTag>, span: Span, depth: usize) -> Composed<Node> {
        let tag = self.collection_tag(tag, true, span);
        let mut items = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if let Event::SequenceEnd = event {
                let span = span.to(self.span(&place));
                return Ok(Node { span, tag, value: Value::Sequence(items) });
            }
            items.push(self.node_of(event, place, depth + 1)?);
        }
    }

    fn mapping(&mut self, tag: Option<&RawTag>, span: Span, depth: usize) -> Composed<Node> {
        self.collection_tag(tag, false, span);
        let mut mapping = Builder::default();
        loop {
            let (event, place) = self.next()?;
            if let Event::MappingEnd = event {
                let span = span.to(self.span(&place));
                return Ok(Node::new(span, Value::Mapping(mapping.finish())));
            }
            let key_span = self.span(&place);
            let written = match &event {
                Event::Scalar(text, ScalarStyle::Plain, ..) => Some(text.clone().into_owned()),
                _ => None,
            };
            let key = self.node_of(event, place, depth + 1)?;
            let unknown = matches!(self.peek()?, Event::UnresolvedAlias(_));
            let value = self.node(depth + 1)?;
            if written.as_deref() == Some("<<") && unknown {
                // Told already: there is nothing to merge.
            } else if written.as_deref() == Some("<<") {
                mapping.merge(value, key_span, self.diagnostics);
            } else if let Some(key) = self.key(&key, written, key_span) {
                let entry = Entry { key: key_span, value };
                mapping.insert(key, entry, self.diagnostics);
            }
        }
    }

    /// A key as the string that GitLab makes of it. Booleans and dates stay as written.
    fn key(&mut self, key: &Node, written: Option<String>, span: Span) -> Option<String> {
        match &key.value {
            Value::String(text) => Some(text.clone()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Float(value) => Some(scalar::ruby_float(*value)),
            Value::Bool(_) | Value::Null => Some(written.unwrap_or_default()),
            Value::Sequence(_) | Value::Mapping(_) => {
                self.diagnostics.push(
                    Diagnostic::error(Code::YamlKey, format!("{} cannot be a key", key.kind()))
                        .label(span, "expected a name here")
                        .help("quote the key if it starts with `[`, `{` or `?`"),
                );
                None
            }
        }
    }
}

fn is_reference(tag: &RawTag) -> bool {
    tag.handle() == "!" && tag.suffix() == "reference"
}
