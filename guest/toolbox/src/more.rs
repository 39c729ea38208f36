//! The module `more`: the rest of the core utilities, which bring calendars, checksums and
//! collation along.

use crate::start::{Command, commands, uutils};

commands! {
    "b2sum" => uutils!(uu_b2sum),
    "base32" => uutils!(uu_base32),
    "base64" => uutils!(uu_base64),
    "basenc" => uutils!(uu_basenc),
    "cksum" => uutils!(uu_cksum),
    "comm" => uutils!(uu_comm),
    "date" => uutils!(uu_date),
    "dd" => Command::Own(crate::dd::main),
    "expand" => uutils!(uu_expand),
    "expr" => uutils!(uu_expr),
    "fmt" => uutils!(uu_fmt),
    "fold" => uutils!(uu_fold),
    "join" => uutils!(uu_join),
    "md5sum" => uutils!(uu_md5sum),
    "nl" => uutils!(uu_nl),
    "numfmt" => uutils!(uu_numfmt),
    "od" => uutils!(uu_od),
    "paste" => uutils!(uu_paste),
    "sha1sum" => uutils!(uu_sha1sum),
    "sha224sum" => uutils!(uu_sha224sum),
    "sha256sum" => uutils!(uu_sha256sum),
    "sha384sum" => uutils!(uu_sha384sum),
    "sha512sum" => uutils!(uu_sha512sum),
    "shuf" => uutils!(uu_shuf),
    "sort" => sort(),
    "split" => uutils!(uu_split),
    "sum" => uutils!(uu_sum),
    "tac" => Command::Own(crate::lines::tac),
    "touch" => uutils!(uu_touch),
    "truncate" => uutils!(uu_truncate),
    "tsort" => uutils!(uu_tsort),
    "unexpand" => uutils!(uu_unexpand),
}

/// `sort`, with what its crate cannot do here taken over.
fn sort() -> Command {
    Command::Uutils(|args| {
        let _ = uucore::locale::setup_localization("sort");
        crate::sort::main(args)
    })
}
