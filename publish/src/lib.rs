//! Makes finished files appear, all at once or not at all.
