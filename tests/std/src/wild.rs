//! A hostile program: it calls an entry of the standard library's table with arguments that no
//! library passes. Only this program may suffer.

use moto_rt::RT_VDSO_VTABLE_VADDR;
use std::time::Duration;

/// An entry as any of them can be called.
type Entry = extern "C" fn(u64, u64, u64, u64, u64, u64) -> u64;

/// A text that is no path of anything.
static TEXT: [u8; 64] = [b'?'; 64];

/// Calls entry `number` with the arguments of this set. Some entries wait: then the program ends by
/// itself.
pub fn call(number: usize, set: usize) {
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(300));
        std::process::exit(7);
    });
    let text = TEXT.as_ptr().expose_provenance() as u64;
    let arguments: [u64; 6] = match set {
        0 => [0; 6],
        1 => [1, 3, 5, 7, 9, 11],
        2 => [u64::MAX; 6],
        3 => [text, u64::MAX / 2, text + 1, u64::MAX / 2, text, 1 << 40],
        4 => [0xffff_8000_0000_0000, 64, 0xffff_8000_0000_0000, 64, 1 << 47, 64],
        _ => [text, 8, text + 8, 8, text + 16, 8],
    };
    let place = RT_VDSO_VTABLE_VADDR as usize + number * size_of::<u64>();
    // SAFETY: the table is there for reading. The call has no safety, which is what is tested: what
    // it breaks is this process.
    let answer = unsafe {
        let address = *std::ptr::with_exposed_provenance::<u64>(place);
        if address < 4096 {
            println!("no entry");
            return;
        }
        let entry: Entry = std::mem::transmute(address as usize);
        let [a, b, c, d, e, f] = arguments;
        entry(a, b, c, d, e, f)
    };
    println!("answer {answer:#x}");
}
