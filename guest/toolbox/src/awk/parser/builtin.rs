//! The functions that awk brings.

use crate::awk::ast::Builtin;

pub(super) fn builtin(word: &str) -> Option<Builtin> {
    use Builtin::{
        And, Asort, Asorti, Atan2, Close, Cos, Exp, Fflush, Gensub, Gsub, Index, Int, Length, Log,
        Lshift, Match, Mktime, Or, Rand, Rshift, Sin, Split, Sprintf, Sqrt, Srand, Strftime,
        Strtonum, Sub, Substr, System, Systime, Tolower, Toupper, Xor,
    };
    Some(match word {
        "atan2" => Atan2,
        "close" => Close,
        "cos" => Cos,
        "exp" => Exp,
        "fflush" => Fflush,
        "gensub" => Gensub,
        "gsub" => Gsub,
        "index" => Index,
        "int" => Int,
        "length" => Length,
        "log" => Log,
        "match" => Match,
        "mktime" => Mktime,
        "rand" => Rand,
        "sin" => Sin,
        "split" => Split,
        "sprintf" => Sprintf,
        "sqrt" => Sqrt,
        "srand" => Srand,
        "strftime" => Strftime,
        "strtonum" => Strtonum,
        "sub" => Sub,
        "substr" => Substr,
        "system" => System,
        "systime" => Systime,
        "tolower" => Tolower,
        "toupper" => Toupper,
        "and" => And,
        "or" => Or,
        "xor" => Xor,
        "lshift" => Lshift,
        "rshift" => Rshift,
        "asort" => Asort,
        "asorti" => Asorti,
        _ => return None,
    })
}

/// The least and the most arguments.
pub(super) fn arity(function: Builtin) -> (usize, usize) {
    use Builtin::{
        And, Asort, Asorti, Atan2, Close, Cos, Exp, Fflush, Gensub, Gsub, Index, Int, Length, Log,
        Lshift, Match, Mktime, Or, Rand, Rshift, Sin, Split, Sprintf, Sqrt, Srand, Strftime,
        Strtonum, Sub, Substr, System, Systime, Tolower, Toupper, Xor,
    };
    match function {
        Rand | Systime => (0, 0),
        Length | Srand | Fflush => (0, 1),
        Cos | Exp | Int | Log | Sin | Sqrt | System | Tolower | Toupper | Strtonum => (1, 1),
        Close | Mktime => (1, 2),
        Atan2 | Index | Lshift | Rshift => (2, 2),
        Match | Substr | Sub | Gsub => (2, 3),
        Split => (2, 4),
        Gensub => (3, 4),
        Strftime => (0, 3),
        Sprintf => (1, usize::MAX),
        And | Or | Xor => (2, usize::MAX),
        Asort | Asorti => (1, 2),
    }
}
