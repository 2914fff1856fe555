"""成果公示: counters of true outcomes, and cases that both parties agreed to show."""
