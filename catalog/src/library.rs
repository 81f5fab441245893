//! Whether a library is what an entry needs: there, of the right width, with the export.

use std::path::{Path, PathBuf};

use object::{Object as _, ObjectKind};

use crate::View;

/// The largest file that is looked into.
const LARGEST: u64 = 1 << 30;

/// What a library is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// `WSPStartup`, which ws2_32 calls.
    Plain,
    /// `WSPStartupEx`, which the Windows Sockets switch calls.
    San,
}

impl Export {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "WSPStartup",
            Self::San => "WSPStartupEx",
        }
    }
}

/// Why a library is not what is needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no such file.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("cannot read {path}: {reason}", path = .0.display(), reason = .1)]
    Unreadable(PathBuf, String),
    /// It is something else, or cut off.
    #[error("{path} is no library that can be loaded: {reason}", path = .0.display(), reason = .1)]
    NotALibrary(PathBuf, String),
    /// It is for programs of the other width.
    #[error("{path} has {found} bits, and the {view} view is for {wanted}-bit programs", path = path.display(), wanted = view.bits())]
    WrongWidth {
        /// The file.
        path: PathBuf,
        /// Its width.
        found: u32,
        /// The view.
        view: View,
    },
    /// It lacks the function that starts a provider.
    #[error("{path} does not export `{export}`{hint}", path = path.display())]
    NoExport {
        /// The file.
        path: PathBuf,
        /// The function.
        export: &'static str,
        /// What it has instead.
        hint: String,
    },
}

/// How a library is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As Windows loads it.
    Pe,
    /// As Linux loads it: for tests away from Windows.
    Elf,
}

/// A library that has been looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// The file.
    pub path: PathBuf,
    /// How it is kept.
    pub form: Form,
    /// Its processor, as the library `object` calls it.
    architecture: object::Architecture,
    /// The start-up functions that it exports.
    exports: Vec<String>,
}

impl Library {
    /// Looks into a file without loading it.
    ///
    /// # Errors
    /// When it is missing, cannot be read, or is no library.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Fault::Missing(path.to_owned()),
            _ => Fault::Unreadable(path.to_owned(), error.to_string()),
        };
        let about = std::fs::metadata(path).map_err(unreadable)?;
        let not = |reason: &str| Fault::NotALibrary(path.to_owned(), reason.to_owned());
        if !about.is_file() {
            return Err(not("it is no file"));
        }
        if about.len() > LARGEST {
            return Err(not("it is too large"));
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let file = object::File::parse(bytes.as_slice()).map_err(|error| not(&error.to_string()))?;
        let form = match file.format() {
            object::BinaryFormat::Pe => Form::Pe,
            object::BinaryFormat::Elf => Form::Elf,
            _ => return Err(not("it is of another system")),
        };
        // Programs of position-independent code look like libraries; they have no exports of ours.
        if form == Form::Elf && file.kind() != ObjectKind::Dynamic {
            return Err(not("it is not a shared library"));
        }
        let bad_exports = |error: object::Error| not(&format!("its exports cannot be read: {error}"));
        let mut exports = Vec::new();
        for export in file.exports().map_err(bad_exports)? {
            let export = export.map_err(bad_exports)?;
            if let object::NameOrOrdinal::Name(name) = export.name() {
                exports.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        exports.retain(|name| name.contains("WSPStartup"));
        Ok(Self { path: path.to_owned(), form, architecture: file.architecture(), exports })
    }

    /// The view of the programs that can load it.
    pub fn view(&self) -> View {
        match self.architecture.address_size() {
            Some(object::AddressSize::U64) => View::Bits64,
            _ => View::Bits32,
        }
    }

    /// Does it export this?
    pub fn exports(&self, export: Export) -> bool {
        self.exports.iter().any(|name| name == export.name())
    }

    /// Is it what an entry of this view needs?
    ///
    /// # Errors
    /// When it has the wrong width or lacks the export.
    pub fn check(&self, view: View, export: Export) -> Result<(), Fault> {
        if self.view() != view {
            return Err(Fault::WrongWidth { path: self.path.clone(), found: self.view().bits(), view });
        }
        if self.exports(export) {
            return Ok(());
        }
        let decorated = self.exports.iter().find(|name| name.contains(&format!("{}@", export.name())));
        let hint = match (decorated, self.exports.as_slice()) {
            (Some(name), _) => format!(": it has `{name}`, decorated; export it by a .def file"),
            (None, []) => String::new(),
            (None, others) => format!(": it has {}", others.join(", ")),
        };
        Err(Fault::NoExport { path: self.path.clone(), export: export.name(), hint })
    }

    /// Is it of the form that this system loads?
    pub fn is_of_this_system(&self) -> bool {
        self.form == if cfg!(windows) { Form::Pe } else { Form::Elf }
    }

    /// Can this program load it?
    pub fn is_ours(&self) -> bool {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => object::Architecture::X86_64,
            "x86" => object::Architecture::I386,
            "aarch64" => object::Architecture::Aarch64,
            "arm" => object::Architecture::Arm,
            "riscv64" => object::Architecture::Riscv64,
            _ => object::Architecture::Unknown,
        };
        self.is_of_this_system() && self.architecture == architecture
    }
}

/// Where the path of an entry leads to, for a program of this view; nothing when that cannot be told here: a path of Windows elsewhere, or
/// an environment variable that is not set.
pub fn resolve(path: &str, view: View) -> Option<PathBuf> {
    let variable = |name: &str| {
        // A 64-bit program has other folders than the 32-bit ones that the entry is for.
        let narrow = view == View::Bits32 && cfg!(target_pointer_width = "64");
        let other = match name.to_ascii_lowercase().as_str() {
            "programfiles" if narrow => "ProgramFiles(x86)",
            "commonprogramfiles" if narrow => "CommonProgramFiles(x86)",
            _ => name,
        };
        std::env::var(other).or_else(|_| std::env::var(name)).ok()
    };
    let expanded = expand(path, variable)?;
    if !cfg!(windows) {
        return expanded.starts_with('/').then(|| PathBuf::from(expanded));
    }
    let expanded = if view == View::Bits32 && cfg!(target_pointer_width = "64") {
        redirect(&expanded, &std::env::var("SystemRoot").unwrap_or_default())
    } else {
        expanded
    };
    Some(PathBuf::from(expanded))
}

/// Replaces each `%NAME%`; nothing when a name is not known.
fn expand(path: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, behind)) = after.split_once('%') else { break };
        out.push_str(before);
        out.push_str(&variable(name)?);
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

/// 32-bit programs that ask for the system's folder of 64-bit Windows get the one for them.
fn redirect(path: &str, system_root: &str) -> String {
    let folder = format!("{system_root}\\system32\\");
    match path.get(..folder.len()) {
        Some(head) if !system_root.is_empty() && head.eq_ignore_ascii_case(&folder) => {
            format!("{system_root}\\SysWOW64\\{}", &path[folder.len()..])
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_or_not_known() {
        let variable = |name: &str| (name == "SystemRoot").then(|| "C:\\Windows".to_owned());
        assert_eq!(expand("%SystemRoot%\\x.dll", variable).unwrap(), "C:\\Windows\\x.dll");
        assert_eq!(expand("C:\\100%\\x.dll", variable).unwrap(), "C:\\100%\\x.dll");
        assert_eq!(expand("%Else%\\x.dll", variable), None);
    }

    #[test]
    fn the_systems_folder_is_another_for_32_bits() {
        assert_eq!(redirect("C:\\WINDOWS\\System32\\a.dll", "C:\\Windows"), "C:\\Windows\\SysWOW64\\a.dll");
        assert_eq!(redirect("C:\\p\\a.dll", "C:\\Windows"), "C:\\p\\a.dll");
        assert_eq!(redirect("C:\\ü", "C:\\Windows"), "C:\\ü");
    }

    #[cfg(not(windows))]
    #[test]
    fn windows_paths_lead_nowhere_here() {
        assert_eq!(resolve("C:\\x.dll", View::Bits64), None);
        assert_eq!(resolve("%NoSuchVariable%/x.so", View::Bits64), None);
        assert_eq!(resolve("/lib/x.so", View::Bits64), Some(PathBuf::from("/lib/x.so")));
    }
}
