//! Libraries for Windows, as small as they get: headers and a table of exports.

/// A library of this width that exports one name.
pub fn library(bits: u32, export: &str) -> Vec<u8> {
    const HEADERS: usize = 0x200;
    const SECTION: u32 = 0x1000;
    let wide = bits == 64;
    let mut file = vec![0_u8; 0x40];
    file[..2].copy_from_slice(b"MZ");
    file[0x3c] = 0x40;
    file.extend(b"PE\0\0");
    // The file header: processor, one section, size of the optional header, a library.
    let optional_size: u16 = if wide { 240 } else { 224 };
    file.extend((if wide { 0x8664_u16 } else { 0x014c }).to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend([0; 12]);
    file.extend(optional_size.to_le_bytes());
    file.extend(0x2022_u16.to_le_bytes());
    let start = file.len();
    file.extend((if wide { 0x20b_u16 } else { 0x10b }).to_le_bytes());
    file.resize(start + 32, 0);
    file.extend(SECTION.to_le_bytes());
    file.extend(0x200_u32.to_le_bytes());
    file.resize(start + 56, 0);
    file.extend(0x2000_u32.to_le_bytes());
    file.extend(u32::try_from(HEADERS).unwrap().to_le_bytes());
    let directories = start + if wide { 112 } else { 96 };
    file.resize(directories - 4, 0);
    file.extend(16_u32.to_le_bytes());
    file.extend(SECTION.to_le_bytes());
    file.extend(0x100_u32.to_le_bytes());
    file.resize(start + usize::from(optional_size), 0);
    file.extend(b".edata\0\0");
    for word in [0x200_u32, SECTION, 0x200, 0x200, 0, 0, 0, 0x4000_0040] {
        file.extend(word.to_le_bytes());
    }
    file.resize(HEADERS, 0);
    // The directory: the library's name, one address, one name, one ordinal.
    for word in [0, 0, 0, SECTION + 60, 1, 1, 1, SECTION + 40, SECTION + 44, SECTION + 48] {
        file.extend(word.to_le_bytes());
    }
    for word in [SECTION + 0x180, SECTION + 80, 0] {
        file.extend(word.to_le_bytes());
    }
    file.resize(HEADERS + 60, 0);
    file.extend(b"p.dll\0");
    file.resize(HEADERS + 80, 0);
    file.extend(export.as_bytes());
    file.resize(HEADERS + 0x200, 0);
    file
}
