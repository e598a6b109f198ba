"""Reports: from what a run found to what people and programs read."""
