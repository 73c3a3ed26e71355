//! Compresses Scalar's script: 5 MB would not leave much of what a Lambda function may answer with.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let script = scalar_api_reference::get_asset("scalar.js").ok_or("the crate has no scalar.js")?;
    #[expect(clippy::disallowed_methods, reason = "this is how Cargo says where to write")]
    let directory = env::var("OUT_DIR")?;
    let mut file = GzEncoder::new(File::create(Path::new(&directory).join("scalar.js.gz"))?, Compression::best());
    file.write_all(&script)?;
    file.finish()?;
    Ok(())
}
