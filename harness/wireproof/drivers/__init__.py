"""Programs that drive clients for wireproof; see docs/driver-protocol.md."""
