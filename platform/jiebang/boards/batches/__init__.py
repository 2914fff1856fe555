"""批次: a call of the 揭榜挂帅 track with its list type and the window in which bids are filed."""
