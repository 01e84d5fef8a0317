//! Files in disk images on the host.
//!
//! ```
//! # fn main() -> anyhow::Result<()> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("a.img");
//! use volume_image::Image;
//!
//! Image::format(&file, 32 << 20)?;
//! let mut image = Image::open(&file)?;
//! image.make_directories("/home")?;
//! image.write("/home/a", b"hello\n")?;
//! assert_eq!(image.read("/home/a")?, b"hello\n");
//! image.close()?;
//! # Ok(())
//! # }
//! ```
//!
//! **Shape.** An image is a raw file that is one volume, ext4 or FAT, without a partition table, made
//! and changed by the crates that the servers `ext4` and `fat` use in the machine. So no tool of the
//! host is needed. A machine must not run on the image meanwhile.
//!
//! **Errors** are texts that name the path.
#![forbid(unsafe_code)]

mod ext4;
mod fat;
mod file_device;
mod image;
mod tree;
mod volume;

pub use file_device::FileDevice;
pub use image::{Format, Image};
pub use tree::put_tree;
pub use volume::Item;
