"""公示: a selection is public for some working days; whoever objects is answered with a reason."""
