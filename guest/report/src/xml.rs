//! Walks through an XML document within limits.
//!
//! Entities that a document declares are never expanded and nothing outside of it is ever read, so
//! that neither can cost or show anything.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::text;

/// How deep elements may be nested, as for GitLab's parser.
const MAX_DEPTH: usize = 256;
/// Attributes of one element: they are compared with each other.
const MAX_ATTRIBUTES: usize = 256;

/// What somebody makes of a document.
pub(crate) trait Visitor {
    /// An element begins, inside of those of `path`, from the root on.
    fn start(
        &mut self,
        path: &[String],
        name: &str,
        attributes: &Attributes<'_>,
    ) -> Result<(), String>;

    /// Text of the element at the end of `path`.
    fn text(&mut self, path: &[String], text: &str);

    /// The element `name` ends; `path` are those around it.
    fn end(&mut self, path: &[String], name: &str) -> Result<(), String>;
}

/// The attributes of an element, without the prefixes of their names.
pub(crate) struct Attributes<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl Attributes<'_> {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| &**value)
    }
}

/// Walks through a document.
///
/// # Errors
/// What is wrong with it, with the line.
pub(crate) fn walk(document: &str, visitor: &mut impl Visitor) -> Result<(), String> {
    let mut reader = Reader::from_str(document);
    let mut path: Vec<String> = Vec::new();
    let mut begun = false;
    loop {
        let event = reader.read_event();
        let at = |offset: u64| text::line(document, usize::try_from(offset).unwrap_or(usize::MAX));
        let event =
            event.map_err(|error| format!("line {}: {error}", at(reader.error_position())))?;
        let here = |message: String| format!("line {}: {message}", at(reader.buffer_position()));
        match event {
            Event::Start(tag) => {
                open(&tag, &path, &mut begun, visitor).map_err(here)?;
                path.push(tag.local_name().as_ref().to_owned());
            }
            Event::Empty(tag) => {
                open(&tag, &path, &mut begun, visitor).map_err(here)?;
                visitor.end(&path, tag.local_name().as_ref()).map_err(here)?;
            }
            Event::End(_) => {
                // The reader has compared the names.
                let name = path.pop().unwrap_or_default();
                visitor.end(&path, &name).map_err(here)?;
            }
            Event::Text(part) if path.is_empty() => {
                if !part.trim().is_empty() {
                    return Err(here(if begun {
                        "there is text after the end of the document".to_owned()
                    } else {
                        "it is not XML".to_owned()
                    }));
                }
            }
            Event::Text(part) => visitor.text(&path, &part),
            Event::CData(part) => visitor.text(&path, &part),
            Event::GeneralRef(entity) => {
                let character =
                    entity.resolve_char_ref().map_err(|error| here(error.to_string()))?;
                match character {
                    Some(c) if !text::is_allowed(c) => {
                        return Err(here(format!("&#{};  is not allowed in XML", u32::from(c))));
                    }
                    Some(c) => visitor.text(&path, c.encode_utf8(&mut [0; 4])),
                    None => {
                        let reference = format!("&{};", &*entity);
                        let known = unescape(&reference).unwrap_or(Cow::Borrowed(&reference));
                        visitor.text(&path, &known);
                    }
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match path.last() {
        Some(open) => Err(format!("it is cut short: <{}> has no end", text::cut(open, 60))),
        None if !begun => Err("it has no element".to_owned()),
        None => Ok(()),
    }
}

fn open(
    tag: &BytesStart<'_>,
    path: &[String],
    begun: &mut bool,
    visitor: &mut impl Visitor,
) -> Result<(), String> {
    if path.is_empty() && std::mem::replace(begun, true) {
        return Err("there is a second element after the end of the first".to_owned());
    }
    if path.len() >= MAX_DEPTH {
        return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
    }
    let mut attributes = Vec::new();
    let mut raw = tag.attributes();
    // They are counted before they are compared with each other, which takes the square of it.
    if raw.with_checks(false).nth(MAX_ATTRIBUTES).is_some() {
        return Err(format!("an element has more than {MAX_ATTRIBUTES} attributes"));
    }
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let raw = attribute.value;
        // A reference to an entity of the document stays as it is.
        let value = match unescape(&raw) {
            Ok(value) => value.into_owned(),
            Err(_) => raw.clone().into_owned(),
        };
        if let Some(c) = value.chars().find(|c| !text::is_allowed(*c)) {
            return Err(format!("&#{}; is not allowed in XML", u32::from(c)));
        }
        let name = attribute.key.into_inner();
        attributes.push((name.rsplit(':').next().unwrap_or(name), Cow::Owned(value)));
    }
    visitor.start(path, tag.local_name().as_ref(), &Attributes(attributes))
}
