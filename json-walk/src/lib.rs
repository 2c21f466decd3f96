//! A strict, pull-style walk over one JSON text: every byte checked, nothing copied.
