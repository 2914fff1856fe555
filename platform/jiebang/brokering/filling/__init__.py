"""代填: a specialist writes for a served organisation; it counts when the organisation confirms."""
