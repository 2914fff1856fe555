"""揭榜 matching: text in, ranked and explained pairs out (no Flask, no SQLAlchemy)."""
