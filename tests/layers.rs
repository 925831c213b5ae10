//! Who may import whom. A row lists everything that a module may use.

use std::fs;
use std::path::{Path, PathBuf};

const MAY_USE: [(&str, &[&str]); 11] = [
    ("octets", &[]),
    ("timeline", &["octets"]),
    ("ink", &["timeline"]),
    ("wire", &["ink", "octets", "timeline"]),
    ("capture", &["ink", "octets", "timeline"]),
    ("probe", &["capture", "ink", "octets", "timeline", "wire"]),
    ("flow", &["ink", "octets", "timeline", "wire"]),
    ("filter", &["flow", "ink", "octets", "timeline", "wire"]),
    ("tale", &["flow", "ink", "octets", "timeline", "wire"]),
    ("render", &["filter", "flow", "ink", "octets", "tale", "timeline", "wire"]),
    ("pipeline", &["capture", "filter", "flow", "render", "timeline", "wire"]),
];

#[test]
fn imports_point_downwards() {
    for (module, allowed) in MAY_USE {
        for (path, text) in sources(module) {
            for used in text.split("crate::").skip(1) {
                let used =
                    used.split(|c: char| !c.is_alphanumeric() && c != '_').next().expect("a name");
                assert!(
                    used == module || allowed.contains(&used),
                    "{} uses {used}",
                    path.display()
                );
            }
        }
    }
}

/// Times come from the capture: a clock read while dissecting would make a savefile lie. Only who
/// listens has to know when to stop, who asks for processes when to ask again, and the probe when its own calls begin and end.
#[test]
fn nobody_below_the_command_line_reads_a_clock() {
    for (module, _) in MAY_USE {
        let may = |path: &Path| {
            ["src/capture/live", "src/capture/owners", "src/probe"]
                .iter()
                .any(|at| path.starts_with(at))
        };
        for (path, text) in sources(module).into_iter().filter(|(path, _)| !may(path)) {
            for clock in ["Instant::now", "SystemTime::now", "Timestamp::now"] {
                assert!(!text.contains(clock), "{} reads {clock}", path.display());
            }
        }
    }
}

fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut look =
        vec![Path::new("src").join(format!("{module}.rs")), Path::new("src").join(module)];
    while let Some(path) = look.pop() {
        if path.is_dir() {
            look.extend(
                fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()),
            );
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((path, text));
        }
    }
    found
}
