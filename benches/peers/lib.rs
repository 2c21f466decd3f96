//! Nothing: the measurement is `benches/peers.rs`.
