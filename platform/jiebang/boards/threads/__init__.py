"""The 对接 thread: from one sentence of interest to a meeting and exchanged contacts."""
