"""揭榜 from either side: a reply to each indicator, a check, a shortlist, a selection."""
