//! The module `archive`: packing and compressing.

mod codec;
mod compress;
mod tar_create;
mod tar_extract;
mod tar_options;
mod unzip;
mod zip_create;

use crate::start::Command::Own;
use crate::start::commands;

commands! {
    "bunzip2" | "bzcat" | "bzip2" => Own(compress::main),
    "gunzip" | "gzip" | "zcat" => Own(compress::main),
    "unxz" | "xz" | "xzcat" => Own(compress::main),
    "unzstd" | "zstd" | "zstdcat" => Own(compress::main),
    "tar" => Own(tar_options::main),
    "unzip" => Own(unzip::main),
    "zip" => Own(zip_create::main),
}
