//! How much memory people may take. Everything else of a run is bounded by its threads, blocks and the longest line.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use cclf_crosswalk::{Index, IndexFull, IndexLimit};

use crate::error::Error;
use crate::setting::{Setting, said};

/// What a cgroup may take, below the folder of its controller: of the second version, and of the first.
const CGROUP_LIMITS: [(&str, &str, &str); 2] = [
    ("", "sys/fs/cgroup", "memory.max"),
    ("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes"),
];

/// Limits of the process that bind what it allocates.
const PROCESS_LIMITS: [&str; 2] = ["Max address space", "Max data size"];

/// Address space that is left for others than people: for what claims become, and for what threads set aside.
const FOR_OTHERS: u64 = 64 << 20;

/// Memory that people may try to have where hardly any is left, and what they get in any case: a small export needs no
/// more.
const LEAST_ROOM: (u64, u64) = (8 << 20, 3 << 20);

/// Address space for each byte of a block, where it is limited.
const SPACE_PER_BLOCK_BYTE: u64 = 4096;

/// Address space for each thread, where it is limited: its stack, what it sets aside, and a line that is made to exhaust.
const SPACE_PER_THREAD: u64 = 128 << 20;

/// A block is not made smaller than this.
const LEAST_BLOCK_BYTES: usize = 32 << 10;

/// What the process may address, if that is limited.
fn address_space() -> Option<u64> {
    static SPACE: OnceLock<Option<u64>> = OnceLock::new();
    *SPACE.get_or_init(|| {
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        PROCESS_LIMITS.into_iter().filter_map(|name| number_after(&limits, name)).min()
    })
}

/// Lets an index take no more than there is now, where address space is limited: beyond it the process would be
/// aborted.
pub(crate) fn keep_within(index: &mut Index) {
    let Some(space) = address_space() else { return };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let used = number_after(&status, "VmSize:").map_or(0, |kilobytes| kilobytes << 10);
    let left = space.saturating_sub(used);
    let (tried, sure) = LEAST_ROOM;
    let least = (left / 4).min(tried).max(sure).saturating_sub(index.heap_bytes() as u64);
    let room = left.saturating_sub(FOR_OTHERS).max(least);
    index.set_room(usize::try_from(room).unwrap_or(usize::MAX));
}

/// Bytes of a block: what is asked for, or fewer where address space is limited. They change nothing that is read.
pub(crate) fn block_bytes(asked: usize) -> usize {
    let Some(space) = address_space() else { return asked };
    let fitting = usize::try_from(space / SPACE_PER_BLOCK_BYTE).unwrap_or(usize::MAX);
    asked.min(fitting.max(LEAST_BLOCK_BYTES))
}

/// Threads: as many as are asked for, or fewer where address space is limited. They change nothing that is read either.
pub(crate) fn threads(asked: usize) -> usize {
    let Some(space) = address_space() else { return asked };
    let fitting = usize::try_from(space / SPACE_PER_THREAD).unwrap_or(usize::MAX);
    asked.min(fitting.max(1))
}

/// The limit of an index, if at most so many people are asked for. Half of the memory there is, or three quarters for
/// whoever counts people himself.
pub(crate) fn limit(max_people: Option<u32>) -> IndexLimit {
    let memory = least(Path::new("/"));
    let bytes = memory.map_or(u64::MAX, |memory| match max_people {
        None => memory / 2,
        Some(_) => memory / 4 * 3,
    });
    IndexLimit {
        people: max_people.unwrap_or(IndexLimit::default().people),
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
    }
}

/// The error of a run that has more people than fit.
pub(crate) fn full(full: IndexFull) -> Error {
    Error::failed(match full {
        IndexFull::People(most) => said![
            format!("the input has more than {most} people, which is what "),
            Setting::MaxPeople,
            " allows; each takes some 250 bytes of memory, so raise it if they are there"
        ],
        IndexFull::Bytes(most) => said![
            format!(
                "the people of the input take more than {} MB of memory, and this process may not take more for them: \
                 at most half of what there is, or three quarters with ",
                most / 1_000_000
            ),
            Setting::MaxPeople,
            " N; give it more memory"
        ],
    })
}

/// The least of physical memory and what cgroups and limits of the process leave of it; none where nothing tells.
fn least(root: &Path) -> Option<u64> {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let physical =
        number_after(&read("proc/meminfo"), "MemTotal:").map(|kilobytes| kilobytes << 10);
    let limits = read("proc/self/limits");
    let of_process = PROCESS_LIMITS.into_iter().filter_map(|name| number_after(&limits, name));
    let of_cgroups = cgroup_limits(root, &read("proc/self/cgroup"));
    physical.into_iter().chain(of_process).chain(of_cgroups).min()
}

/// The number that follows a name, where there is one.
fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// The limits of the process's cgroups and of all that they lie in.
fn cgroup_limits(root: &Path, cgroups: &str) -> Vec<u64> {
    let mut limits = Vec::new();
    for line in cgroups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        // Seen from within a container the path may begin with a step up, which leads nowhere there.
        let named = |part: &Component<'_>| matches!(part, Component::Normal(_));
        let path: PathBuf = Path::new(path).components().filter(named).collect();
        for (controller, folder, file) in CGROUP_LIMITS {
            if !controllers.split(',').any(|own| own == controller) {
                continue;
            }
            let of = |group: &Path| fs::read_to_string(root.join(folder).join(group).join(file));
            let texts = path.ancestors().filter_map(|group| of(group).ok());
            // No limit is "max", or a number beyond all memory.
            limits.extend(texts.filter_map(|text| text.trim().parse::<u64>().ok()));
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_least_of_machine_cgroups_and_process_counts() {
        let limits = |space: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max data size             unlimited            unlimited            bytes     \n\
                 Max address space         {space:20} unlimited            bytes     \n"
            )
        };
        let unlimited = limits("unlimited");
        let meminfo = ("proc/meminfo", "MemTotal:       8000 kB\nMemFree:         10 kB\n");
        let no_limit = ("proc/self/limits", unlimited.as_str());
        let of = |files: &[(&str, &str)]| least(machine(files).path());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[meminfo, no_limit]), Some(8_192_000));
        assert_eq!(of(&[meminfo, ("proc/self/limits", &limits("5000000"))]), Some(5_000_000));
        // The second version: the innermost group without a limit, one around it with one.
        let second = |own, around| {
            of(&[
                meminfo,
                no_limit,
                ("proc/self/cgroup", "0::/user.slice/run/x\n"),
                ("sys/fs/cgroup/user.slice/run/x/memory.max", own),
                ("sys/fs/cgroup/user.slice/memory.max", around),
            ])
        };
        assert_eq!(second("max\n", "4000000\n"), Some(4_000_000));
        assert_eq!(second("3000000\n", "4000000\n"), Some(3_000_000));
        assert_eq!(second("max\n", "max\n"), Some(8_192_000));
        // The first: a container sees its own group at the top, whatever it is called outside.
        let first = |path, limit| {
            of(&[
                meminfo,
                ("proc/self/cgroup", "11:cpu,cpuacct:/docker/1\n5:memory:/docker/1\n0::/x\n"),
                (path, limit),
            ])
        };
        let top = "sys/fs/cgroup/memory/memory.limit_in_bytes";
        assert_eq!(first(top, "2000000\n"), Some(2_000_000));
        assert_eq!(first(top, "9223372036854771712\n"), Some(8_192_000));
        let own = "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes";
        assert_eq!(first(own, "1000000\n"), Some(1_000_000));
        let up = ("proc/self/cgroup", "0::/../other\n");
        assert_eq!(of(&[meminfo, up, ("sys/fs/cgroup/memory.max", "7000")]), Some(7_000));
    }

    #[test]
    fn who_asks_for_a_number_gets_it_and_more_memory() {
        let (usual, asked) = (limit(None), limit(Some(5)));
        assert_eq!((usual.people, asked.people), (u32::MAX, 5));
        assert!(usual.bytes <= asked.bytes);
        for full in [full(IndexFull::People(5)), full(IndexFull::Bytes(5))] {
            assert!(full.settings().eq([Setting::MaxPeople]), "{full}");
            assert!(full.to_string().contains("max_people"), "{full}");
        }
    }
}
