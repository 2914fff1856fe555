"""协议: what two or more parties agree on after a response was selected, for all lines."""
