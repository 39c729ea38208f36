//! The rules, as the tables of a Markdown document state them.

use std::collections::{BTreeMap, BTreeSet};

/// What ARCHITECTURE.md demands.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Module → modules that it may use.
    pub(crate) may_use: BTreeMap<String, BTreeSet<String>>,
    /// Crate → the module that alone may name it.
    pub(crate) only_in: BTreeMap<String, String>,
    /// A module and a name that it does not contain.
    pub(crate) never: Vec<(String, String)>,
}

const MODULES: [&str; 3] = ["module", "what it is", "may use"];
const CRATES: [&str; 2] = ["crate", "named only in"];
const ABSENT: [&str; 2] = ["modules", "never name"];

impl Rules {
    /// Reads the three tables; each must be there once, and other tables are none of its business.
    pub(crate) fn parse(markdown: &str) -> Result<Self, String> {
        let tables = tables(markdown)?;
        let mut rules = Self::default();
        for [module, sentence, uses] in rows(&tables, MODULES)? {
            let module = only(&names(module)?, module)?;
            if !sentence.ends_with('.') {
                return Err(format!("`{module}` is told in a whole sentence"));
            }
            let uses: BTreeSet<String> = names(uses)?.into_iter().collect();
            if rules.may_use.insert(module.clone(), uses).is_some() {
                return Err(format!("`{module}` has two rows"));
            }
        }
        for [crates, module] in rows(&tables, CRATES)? {
            let module = only(&names(module)?, module)?;
            for name in names(crates)? {
                rules.only_in.insert(name, module.clone());
            }
        }
        for [modules, absent] in rows(&tables, ABSENT)? {
            let absent = names(absent)?;
            for module in names(modules)? {
                rules.never.extend(absent.iter().map(|name| (module.clone(), name.clone())));
            }
        }
        match rules.unknown() {
            Some(name) => Err(format!("`{name}` may be used but has no row")),
            None => Ok(rules),
        }
    }

    fn unknown(&self) -> Option<&String> {
        self.may_use.values().flatten().find(|name| !self.may_use.contains_key(*name))
    }
}

type Row = Vec<String>;

/// All tables of a document: header, then rows.
fn tables(markdown: &str) -> Result<Vec<Vec<Row>>, String> {
    let mut tables = Vec::new();
    let mut table: Vec<Row> = Vec::new();
    let mut fenced = false;
    for (index, line) in markdown.lines().chain([""]).enumerate() {
        fenced ^= line.starts_with("```");
        let inner = line.trim().strip_prefix('|').and_then(|rest| rest.strip_suffix('|'));
        match inner {
            Some(inner) if !fenced => {
                let row: Row = inner.split('|').map(|cell| cell.trim().to_owned()).collect();
                let first = table.first().map_or(row.len(), Vec::len);
                if row.len() != first {
                    return Err(format!("line {}: {} cells, not {first}", index + 1, row.len()));
                }
                table.push(row);
            }
            _ if !table.is_empty() => tables.push(std::mem::take(&mut table)),
            _ => {}
        }
    }
    Ok(tables)
}

/// The rows of the one table with these column heads.
fn rows<'a, const N: usize>(
    tables: &'a [Vec<Row>],
    heads: [&str; N],
) -> Result<Vec<[&'a str; N]>, String> {
    let mut found = tables.iter().filter(|table| table[0] == heads);
    let (Some(table), None) = (found.next(), found.next()) else {
        return Err(format!("there should be one table with the columns {}", heads.join(", ")));
    };
    let body = table.get(2..).unwrap_or_default();
    if body.is_empty() {
        return Err(format!("the table with the columns {} is empty", heads.join(", ")));
    }
    Ok(body.iter().map(|row| std::array::from_fn(|column| row[column].as_str())).collect())
}

/// The names of a cell: separated by commas, in backquotes or not; a dash is none.
fn names(cell: &str) -> Result<Vec<String>, String> {
    if cell == "–" {
        return Ok(Vec::new());
    }
    let name = |text: &str| {
        let text = text.trim();
        let bare = text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).unwrap_or(text);
        let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        if bare.is_empty() || !bare.chars().all(valid) {
            return Err(format!("`{cell}`: {bare:?} is no name"));
        }
        Ok(bare.to_owned())
    };
    cell.split(',').map(name).collect()
}

fn only(names: &[String], cell: &str) -> Result<String, String> {
    match names {
        [name] => Ok(name.clone()),
        _ => Err(format!("`{cell}`: one name is expected here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(modules: &str, crates: &str, absent: &str) -> String {
        let table = |heads: &[&str], rows: &str| {
            let rule = heads.iter().map(|_| "---").collect::<Vec<_>>().join(" | ");
            format!("| {} |\n| {rule} |\n{rows}\n", heads.join(" | "))
        };
        let tables = [table(&MODULES, modules), table(&CRATES, crates), table(&ABSENT, absent)];
        tables.join("Text.\n\n")
    }

    const MODULE: &str = "| `a` | It is. | – |\n";
    const CRATE: &str = "| `x`, `y_z` | a |\n";
    const NEVER: &str = "| `a` | `std::fs` |\n";

    #[test]
    fn rules_are_read() {
        let modules = format!("{MODULE}| `b` | It is, too. | a |\n");
        let rules = Rules::parse(&document(&modules, CRATE, NEVER)).unwrap();
        assert_eq!(rules.may_use["a"], BTreeSet::new());
        assert_eq!(rules.may_use["b"], BTreeSet::from(["a".to_owned()]));
        assert_eq!(rules.only_in["y_z"], "a");
        assert_eq!(rules.never, [("a".to_owned(), "std::fs".to_owned())]);
    }

    #[test]
    fn a_document_without_its_rules_is_refused() {
        let missing = document(MODULE, CRATE, NEVER).replace("may use", "uses");
        for (text, expected) in [
            (missing, "one table with the columns module, what it is, may use"),
            (document("", CRATE, NEVER), "is empty"),
            (document("| `a` | It is. |\n", CRATE, NEVER), "2 cells, not 3"),
            (document("| `a` | It is. | the rest |\n", CRATE, NEVER), "is no name"),
            (document("| `a` | It is. | |\n", CRATE, NEVER), "is no name"),
            (document("| `a` | It is. | b |\n", CRATE, NEVER), "`b` may be used but has no row"),
            (document("| `a` | word | – |\n", CRATE, NEVER), "whole sentence"),
            (document(&MODULE.repeat(2), CRATE, NEVER), "two rows"),
            (document(MODULE, "| `x` | a, b |\n", NEVER), "one name"),
            (document(MODULE, CRATE, NEVER).repeat(2), "there should be one table"),
        ] {
            let error = Rules::parse(&text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
