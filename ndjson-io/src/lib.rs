//! Parallel, ordered, bounded-memory reading of NDJSON from files, folders, globs and stdin.
