//! The main job: a BCDA export in, CCLF tables out.
