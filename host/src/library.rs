//! Finding and loading a provider's library.

use std::env;
use std::ffi::CStr;
use std::path::{Path, PathBuf};

use wsp::ffi;

use crate::error::{LoadError, NotFound};
use crate::os;

/// The variable that names a provider's file.
pub const VARIABLE: &str = "WSP_PROVIDER";

/// The export of a provider of the plain interface.
const ENTRY_POINT: &str = "WSPStartup";

/// The export of a provider for a system area network.
const SAN_ENTRY_POINT: &str = "WSPStartupEx";

/// Finds the library called `name` (as in `[lib] name`): the explicit file, else the one named by [`VARIABLE`], else a file of
/// its name in the places where cargo and installers put libraries: the folders called `deps` of the library path, the folder
/// `deps` beside the program's own folder, the program's own folder.
///
/// # Errors
/// No such file; the error names every file that was looked for, or the one that was named and by what.
pub fn find(explicit: Option<&Path>, name: &str) -> Result<PathBuf, NotFound> {
    if let Some(file) = explicit {
        return present(file).ok_or_else(|| NotFound::Named { file: file.to_owned() });
    }
    if let Some(file) = env::var_os(VARIABLE).map(PathBuf::from) {
        return present(&file).ok_or(NotFound::Variable { file });
    }
    let looked_for = candidates(name, env::var_os(os::SEARCH_PATH).as_deref(), env::current_exe().ok().as_deref());
    let found = looked_for.iter().find_map(|file| present(file));
    found.ok_or_else(|| NotFound::Nowhere { name: name.to_owned(), looked_for })
}

/// The file's absolute path, as the loader would search for a bare name; nothing if there is no such file.
fn present(file: &Path) -> Option<PathBuf> {
    file.is_file().then(|| std::path::absolute(file).unwrap_or_else(|_| file.to_owned()))
}

/// Where a library may lie, most likely place first. The copy that cargo puts above `deps` can be stale, so that comes last.
fn candidates(name: &str, search_path: Option<&std::ffi::OsStr>, program: Option<&Path>) -> Vec<PathBuf> {
    let file = os::file_name(name);
    let mut folders: Vec<PathBuf> =
        search_path.map(env::split_paths).into_iter().flatten().filter(|folder| folder.ends_with("deps")).collect();
    if let Some(folder) = program.and_then(Path::parent) {
        folders.extend(folder.parent().map(|above| above.join("deps")));
        folders.push(folder.join("deps"));
        folders.push(folder.to_owned());
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for candidate in folders.into_iter().map(|folder| folder.join(&file)) {
        if !files.contains(&candidate) {
            files.push(candidate);
        }
    }
    files
}

/// Loads a file and finds its start-up function.
pub(crate) fn open(file: &Path) -> Result<(os::Library, ffi::LPWSPSTARTUP), LoadError> {
    let (library, address) = open_at(file, c"WSPStartup", ENTRY_POINT)?;
    // SAFETY: an export of this name is a function of this type; an address is a nullable function pointer in size and form.
    let startup = unsafe { std::mem::transmute::<usize, ffi::LPWSPSTARTUP>(address) };
    Ok((library, startup))
}

/// Loads a file and finds the start-up function that the switch calls.
pub(crate) fn open_san(file: &Path) -> Result<(os::Library, ffi::LPWSPSTARTUPEX), LoadError> {
    let (library, address) = open_at(file, c"WSPStartupEx", SAN_ENTRY_POINT)?;
    // SAFETY: an export of this name is a function of this type; an address is a nullable function pointer in size and form.
    let startup = unsafe { std::mem::transmute::<usize, ffi::LPWSPSTARTUPEX>(address) };
    Ok((library, startup))
}

fn open_at(file: &Path, name: &CStr, symbol: &'static str) -> Result<(os::Library, usize), LoadError> {
    let named = |file: &Path| file.to_owned();
    if !file.is_file() {
        return Err(LoadError::NoFile { file: named(file) });
    }
    let absolute = std::path::absolute(file).unwrap_or_else(|_| named(file));
    let library =
        os::Library::open(&absolute).map_err(|reason| LoadError::NotALibrary { file: named(file), reason })?;
    match library.symbol(name) {
        Some(address) => Ok((library, address)),
        None => Err(LoadError::NoEntryPoint { file: named(file), symbol }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_path_comes_before_the_programs_folder() {
        let path = env::join_paths(["/t/debug/deps", "/usr/lib"]).unwrap_or_default();
        let found = candidates("x", Some(&path), Some(Path::new("/t/debug/wsp")));
        let expected: Vec<PathBuf> = ["/t/debug/deps", "/t/deps", "/t/debug"]
            .iter()
            .map(|folder| Path::new(folder).join(os::file_name("x")))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_test_in_deps_finds_its_own_folder() {
        let found = candidates("x", None, Some(Path::new("/t/debug/deps/suite-1234")));
        assert_eq!(found.first(), Some(&Path::new("/t/debug/deps").join(os::file_name("x"))));
    }

    #[test]
    fn an_explicit_file_is_the_only_one_looked_for() {
        let file = Path::new("/no/such/provider.so");
        let error = find(Some(file), "x").unwrap_err();
        assert_eq!(error, NotFound::Named { file: file.to_owned() });
        assert_eq!(error.to_string(), "/no/such/provider.so: no such file");
    }
}
